using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// The parts of a user's message:
/// <code>
/// {"type":"text","text":"…"}                                                        {"text":"…"}
/// {"type":"image_url","image_url":{"url":"data:image/png;base64,…"}}                {"inlineData":{"mimeType":"image/png","data":"…"}}
/// {"type":"image_url","image_url":{"url":"https://…/cat.png"}}                      {"fileData":{"fileUri":"https://…/cat.png","mimeType":"image/png"}}
/// {"type":"input_audio","input_audio":{"data":"…","format":"wav"}}                  {"inlineData":{"mimeType":"audio/wav","data":"…"}}
/// {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;…"}}  {"inlineData":{"mimeType":"application/pdf","data":"…"}}
/// </code>
/// The gateway fetches nothing: an https address is Gemini's to read.
/// </summary>
internal static class GeminiParts
{
    private static readonly (string Extension, string Type)[] Types =
    [
        (".png", "image/png"), (".webp", "image/webp"), (".gif", "image/gif"), (".heic", "image/heic"), (".heif", "image/heif"), (".pdf", "application/pdf"),
    ];

    public static void Text(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    /// <summary>Null for a part that is not text. A refusal is what the model said.</summary>
    public static string? TextOf(JsonElement part) => Type(part) switch
    {
        "text" => Member(part, "text"),
        "refusal" => Member(part, "refusal"),
        _ => null,
    };

    public static bool IsEmptyText(JsonElement part) => Type(part) == "text" && Member(part, "text") is { Length: 0 };

    public static void Write(Utf8JsonWriter json, JsonElement part, string place)
    {
        switch (Type(part))
        {
            case "text":
                Text(json, Member(part, "text") ?? throw new FieldException(place + ".text", "a string"));
                break;
            case "image_url":
                WriteImage(json, part, place + ".image_url.url");
                break;
            case "input_audio":
                WriteAudio(json, Inner(part, "input_audio", place), place + ".input_audio");
                break;
            case "file":
                var file = Inner(part, "file", place);
                WriteInline(
                    json, Member(file, "file_data") ?? throw new FieldException(place + ".file.file_data", Member(file, "file_id") is null ? "a string" : null),
                    place + ".file.file_data");
                break;
            case null:
                throw new FieldException(place, "an object with a type");
            default:
                throw new FieldException(place, null);
        }
    }

    // Some clients write the address itself as image_url's value.
    private static void WriteImage(Utf8JsonWriter json, JsonElement part, string place)
    {
        var url = Member(part, "image_url") ?? Member(Inner(part, "image_url", place), "url") ?? throw new FieldException(place, "a string");
        if (!url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            WriteInline(json, url, place);
            return;
        }

        var path = url.AsSpan(0, url.AsSpan().IndexOfAny('?', '#') is var end and >= 0 ? end : url.Length);
        var type = "image/jpeg";
        foreach (var known in Types)
        {
            type = path.EndsWith(known.Extension, StringComparison.OrdinalIgnoreCase) ? known.Type : type;
        }

        json.WriteStartObject();
        json.WriteStartObject("fileData"u8);
        json.WriteString("fileUri"u8, url);
        json.WriteString("mimeType"u8, type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAudio(Utf8JsonWriter json, JsonElement audio, string place)
    {
        var format = Member(audio, "format");
        if (format is not ("wav" or "mp3" or "flac" or "ogg" or "aac" or "aiff"))
        {
            throw new FieldException(place + ".format", "wav, mp3, flac, ogg, aac or aiff");
        }

        WriteData(json, "audio/" + format, Member(audio, "data") ?? throw new FieldException(place + ".data", "a string"));
    }

    // data:image/png;base64,iVBORw0…
    private static void WriteInline(Utf8JsonWriter json, string url, string place)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            || !url.AsSpan(0, comma).EndsWith(";base64", StringComparison.OrdinalIgnoreCase))
        {
            throw new FieldException(place, "a data: address in base64, or of an image an https: one");
        }

        var type = url[5..comma].Split(';')[0];
        WriteData(json, type.Length > 0 ? type : throw new FieldException(place, "a data: address with a media type"), url.AsSpan(comma + 1));
    }

    private static void WriteData(Utf8JsonWriter json, string type, ReadOnlySpan<char> data)
    {
        json.WriteStartObject();
        json.WriteStartObject("inlineData"u8);
        json.WriteString("mimeType"u8, type);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string? Type(JsonElement part) => Member(part, "type");

    private static JsonElement Inner(JsonElement part, string name, string place) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : throw new FieldException(place, "an object");

    private static string? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
