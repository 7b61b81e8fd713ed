using System.Buffers;
using System.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Images and documents:
/// <code>
/// {"type":"image","source":{"type":"base64","media_type":"image/png","data":"…"}}           image_url with a data URL
/// {"type":"image","source":{"type":"url","url":"https://…"}}                                image_url
/// {"type":"document","title":"…","source":{"type":"base64","media_type":"application/pdf","data":"…"}}   file with a data URL
/// {"type":"document","source":{"type":"text","media_type":"text/plain","data":"…"}}         text
/// {"type":"document","source":{"type":"content","content":"…" or [blocks]}}                 its blocks
/// </code>
/// Documents that are elsewhere are refused: nobody knows how large they are. Images that were uploaded to Anthropic have no counterpart.
/// </summary>
internal static class MessagesMedia
{
    private static readonly SearchValues<char> MediaTypeCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+.-");

    public static void WriteImage(JsonElement block, JsonElement mark, MessagesParts parts, MessagesTranslation translation)
    {
        if (!Source(block, translation, out var source, out var type))
        {
            return;
        }

        translation.Images++;
        var json = translation.Json;
        if (type == "url" && translation.Needs(source, "url", JsonValueKind.String, out var url))
        {
            parts.Begin("image_url"u8);
            json.WriteStartObject("image_url"u8);
            translation.Copy("url"u8, url);
            json.WriteEndObject();
            parts.End(mark);
        }
        else if (type == "base64" && Data(source, translation, out var mediaType, out var data))
        {
            translation.ImageBytes += data.Length;
            parts.Begin("image_url"u8);
            json.WriteStartObject("image_url"u8);
            WriteDataUrl("url"u8, mediaType, data, json);
            json.WriteEndObject();
            parts.End(mark);
        }
        else
        {
            translation.OnlyNative("type");
        }

        translation.Path.Leave();
    }

    public static void WriteDocument(JsonElement block, JsonElement mark, MessagesParts parts, MessagesTranslation translation)
    {
        if (!Source(block, translation, out var source, out var type))
        {
            return;
        }

        switch (type)
        {
            case "base64" when Data(source, translation, out var mediaType, out var data):
                WriteFile(block, mark, mediaType, data, parts, translation);
                break;
            case "text" when translation.Needs(source, "data", JsonValueKind.String, out var text):
                parts.WriteText(text, mark);
                break;
            case "content":
                WriteContent(source, mark, parts, translation);
                break;
            case "url" or "file":
                translation.Invalid("type", "'base64', 'text' or 'content': money cannot be held for what is elsewhere");
                break;
            default:
                translation.OnlyNative("type");
                break;
        }

        translation.Path.Leave();
    }

    private static void WriteFile(
        JsonElement block, JsonElement mark, string mediaType, ReadOnlySpan<byte> data, MessagesParts parts, MessagesTranslation translation)
    {
        var json = translation.Json;
        parts.Begin("file"u8);
        json.WriteStartObject("file"u8);
        if (block.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String)
        {
            translation.Copy("filename"u8, title);
        }
        else
        {
            json.WriteString("filename"u8, "document.pdf"u8);
        }

        WriteDataUrl("file_data"u8, mediaType, data, json);
        json.WriteEndObject();
        parts.End(mark);
    }

    private static void WriteContent(JsonElement source, JsonElement mark, MessagesParts parts, MessagesTranslation translation)
    {
        if (source.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
        {
            parts.WriteText(content, mark);
        }
        else if (translation.Needs(source, "content", JsonValueKind.Array, out var blocks))
        {
            translation.Path.Enter("content");
            parts.WriteAll(blocks, "document");
            translation.Path.Leave();
        }
    }

    /// <summary>The block's source; the path stands at it then, and is to be left.</summary>
    private static bool Source(JsonElement block, MessagesTranslation translation, out JsonElement source, out string type)
    {
        type = "";
        if (!translation.Needs(block, "source", JsonValueKind.Object, out source))
        {
            return false;
        }

        translation.Path.Enter("source");
        if (translation.Needs(source, "type", JsonValueKind.String, out var value))
        {
            type = value.GetString()!;
        }

        return true;
    }

    private static bool Data(JsonElement source, MessagesTranslation translation, out string mediaType, out ReadOnlySpan<byte> data)
    {
        mediaType = "";
        data = default;
        if (!translation.Needs(source, "media_type", JsonValueKind.String, out var type) || !translation.Needs(source, "data", JsonValueKind.String, out var value))
        {
            return false;
        }

        mediaType = type.GetString()!;
        if (mediaType.Length == 0 || mediaType.AsSpan().ContainsAnyExcept(MediaTypeCharacters))
        {
            translation.Invalid("media_type", "a media type");
            return false;
        }

        data = MessagesTranslation.Inner(value);
        if (data.Contains((byte)'\\'))
        {
            // A slash of base64 may be escaped.
            data = Encoding.UTF8.GetBytes(value.GetString()!);
        }

        if (data.ContainsAny((byte)'"', (byte)'\\') || data.ContainsAnyInRange((byte)0, (byte)0x1f))
        {
            translation.Invalid("data", "base64");
            return false;
        }

        return true;
    }

    private static void WriteDataUrl(ReadOnlySpan<byte> name, string mediaType, ReadOnlySpan<byte> data, Utf8JsonWriter json)
    {
        json.WritePropertyName(name);
        json.WriteStringValueSegment(Encoding.ASCII.GetBytes($"data:{mediaType};base64,"), isFinalSegment: false);
        json.WriteStringValueSegment(data, isFinalSegment: true);
    }
}
