using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// One part of an item's content:
/// <code>
/// {"type":"input_text","text":"…"}                        {"type":"text","text":"…"}
/// {"type":"output_text","text":"…","annotations":[]}      {"type":"text","text":"…"}
/// {"type":"refusal","refusal":"…"}                        the same
/// {"type":"input_image","image_url":"…","detail":"low"}   {"type":"image_url","image_url":{"url":"…","detail":"low"}}
/// {"type":"input_file","filename":"…","file_data":"…"}    {"type":"file","file":{"filename":"…","file_data":"…"}}
/// {"type":"input_audio","input_audio":{…}}                the same
/// </code>
/// Files that are elsewhere are refused: those stored at OpenAI may be another customer's, and nobody knows how long one behind an address is.
/// </summary>
internal static class ResponsesParts
{
    public static bool IsText(JsonElement part) =>
        part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            && (type.ValueEquals("input_text"u8) || type.ValueEquals("output_text"u8) || type.ValueEquals("text"u8));

    /// <param name="part">A part, or a text that stands for one.</param>
    /// <param name="at">Where it stands.</param>
    /// <param name="translation">Where to.</param>
    public static void Write(JsonElement part, string at, ResponsesTranslation translation)
    {
        var json = translation.Json;
        if (part.ValueKind == JsonValueKind.String)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "text"u8);
            translation.Copy("text"u8, part);
            json.WriteEndObject();
            return;
        }

        if (part.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid(at, "an object");
            return;
        }

        if (!translation.Needs(part, "type", at, JsonValueKind.String, out var type))
        {
            return;
        }

        json.WriteStartObject();
        switch (type.GetString())
        {
            case "input_text" or "output_text" or "text" when translation.Needs(part, "text", at, JsonValueKind.String, out var text):
                json.WriteString("type"u8, "text"u8);
                translation.Copy("text"u8, text);
                break;
            case "refusal" when translation.Needs(part, "refusal", at, JsonValueKind.String, out var refusal):
                json.WriteString("type"u8, "refusal"u8);
                translation.Copy("refusal"u8, refusal);
                break;
            case "input_image":
                WriteImage(part, at, translation);
                break;
            case "input_file":
                WriteFile(part, at, translation);
                break;
            case "input_audio" when translation.Needs(part, "input_audio", at, JsonValueKind.Object, out var audio):
                json.WriteString("type"u8, "input_audio"u8);
                translation.Copy("input_audio"u8, audio);
                break;
            case "input_text" or "output_text" or "text" or "refusal" or "input_audio":
                break;
            default:
                translation.Invalid($"{at}.type", "input_text, output_text, refusal, input_image, input_file or input_audio");
                break;
        }

        translation.CopyIfSaid(part, "cache_control");
        json.WriteEndObject();
    }

    private static void WriteImage(JsonElement part, string at, ResponsesTranslation translation)
    {
        if (IsElsewhere(part, "file_id", at, translation) || !translation.Needs(part, "image_url", at, JsonValueKind.String, out var url))
        {
            return;
        }

        var json = translation.Json;
        json.WriteString("type"u8, "image_url"u8);
        json.WriteStartObject("image_url"u8);
        translation.Copy("url"u8, url);
        translation.CopyIfSaid(part, "detail");
        json.WriteEndObject();
        translation.Images++;
        var raw = JsonMarshal.GetRawUtf8Value(url);
        translation.ImageBytes += raw.StartsWith("\"data:image"u8) ? raw.Length : 0;
    }

    private static void WriteFile(JsonElement part, string at, ResponsesTranslation translation)
    {
        if (IsElsewhere(part, "file_id", at, translation) || IsElsewhere(part, "file_url", at, translation)
            || !translation.Needs(part, "file_data", at, JsonValueKind.String, out var data))
        {
            return;
        }

        var json = translation.Json;
        json.WriteString("type"u8, "file"u8);
        json.WriteStartObject("file"u8);
        translation.CopyIfSaid(part, "filename");
        translation.Copy("file_data"u8, data);
        json.WriteEndObject();
    }

    private static bool IsElsewhere(JsonElement part, string member, string at, ResponsesTranslation translation)
    {
        var elsewhere = ResponsesTranslation.Says(part, member);
        if (elsewhere)
        {
            translation.Refuse($"{at}.{member}", "send the file's data.");
        }

        return elsewhere;
    }
}
