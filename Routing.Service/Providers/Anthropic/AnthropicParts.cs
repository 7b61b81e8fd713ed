using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// One part of a message's content as one block:
/// <code>
/// {"type":"text","text":"…"}                                              {"type":"text","text":"…"}
/// {"type":"image_url","image_url":{"url":"data:image/png;base64,…"}}      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"…"}}
/// {"type":"image_url","image_url":{"url":"https://…"}}                    {"type":"image","source":{"type":"url","url":"https://…"}}
/// {"type":"file","file":{"file_data":"data:application/pdf;base64,…"}}    {"type":"document","source":{"type":"base64",…}}
/// </code>
/// Blocks of nothing but blanks are left out: Anthropic refuses them.
/// </summary>
internal static class AnthropicParts
{
    private static readonly string[] ImageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];

    /// <param name="draft">Where to.</param>
    /// <param name="content">A string, or an array of parts.</param>
    /// <param name="param">Its name.</param>
    /// <param name="cache">The message's own cache_control, for the last block.</param>
    /// <param name="trimEnd">The last text ends the request, where Anthropic refuses blanks.</param>
    public static void Write(AnthropicDraft draft, JsonElement content, Func<string> param, JsonElement? cache = null, bool trimEnd = false)
    {
        if (content.IsString())
        {
            WriteText(draft, content, default, cache, trimEnd);
        }
        else if (content.IsArray())
        {
            var last = content.GetArrayLength() - 1;
            foreach (var (index, part) in content.EnumerateArray().Index())
            {
                WritePart(draft, part, () => $"{param()}[{index}]", index == last ? cache : null, trimEnd && index == last);
            }
        }
        else
        {
            draft.Invalid(param(), "must be a string or an array of parts");
        }
    }

    /// <summary>Nothing of it would be sent.</summary>
    public static bool IsEmpty(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.IsBlank(),
        JsonValueKind.Array => content.EnumerateArray().All(static part => TextOf(part) is { } text && text.IsString() && text.IsBlank()),
        _ => false,
    };

    /// <summary>cache_control as LiteLLM's users write it, or OpenAI's prompt_cache_breakpoint.</summary>
    public static void WriteCache(AnthropicDraft draft, JsonElement part, JsonElement? cache)
    {
        if ((part.Member("cache_control"u8) ?? cache) is { ValueKind: JsonValueKind.Object } control)
        {
            draft.Json.WriteAsIs("cache_control"u8, control);
        }
        else if (part.Member("prompt_cache_breakpoint"u8) is { } mark && mark.ValueKind != JsonValueKind.False)
        {
            draft.Json.WriteStartObject("cache_control"u8);
            draft.Json.WriteString("type"u8, "ephemeral"u8);
            draft.Json.WriteEndObject();
        }
    }

    private static JsonElement? TextOf(JsonElement part)
    {
        var type = part.Member("type"u8);
        return type.Is("text"u8) ? part.Member("text"u8) : type.Is("refusal"u8) ? part.Member("refusal"u8) : null;
    }

    private static void WritePart(AnthropicDraft draft, JsonElement part, Func<string> param, JsonElement? cache, bool trimEnd)
    {
        var type = part.Member("type"u8);
        if (type.Is("text"u8) || type.Is("refusal"u8))
        {
            if (TextOf(part) is { ValueKind: JsonValueKind.String } text)
            {
                WriteText(draft, text, part, cache, trimEnd);
            }
            else
            {
                draft.Invalid($"{param()}.text", "must be a string");
            }
        }
        else if (type.Is("image_url"u8))
        {
            var image = part.Member("image_url"u8);
            var url = image is { ValueKind: JsonValueKind.String } ? image : image?.Member("url"u8);
            WriteSource(draft, part, url, () => $"{param()}.image_url.url", cache, document: false);
        }
        else if (type.Is("file"u8))
        {
            var file = part.Member("file"u8);
            if (file?.Member("file_data"u8) is { } data)
            {
                WriteSource(draft, part, data, () => $"{param()}.file.file_data", cache, document: true);
            }
            else
            {
                // Files that the client has left at another provider.
                draft.Unsupported($"{param()}.file.file_id");
            }
        }
        else if (type.Is("input_audio"u8))
        {
            draft.Unsupported($"{param()}.input_audio");
        }
        else if (type is { ValueKind: JsonValueKind.String })
        {
            draft.Unsupported($"{param()}.type");
        }
        else
        {
            draft.Invalid($"{param()}.type", "must be a string");
        }
    }

    private static void WriteText(AnthropicDraft draft, JsonElement text, JsonElement part, JsonElement? cache, bool trimEnd)
    {
        if (text.IsBlank())
        {
            return;
        }

        draft.Json.WriteStartObject();
        draft.Json.WriteString("type"u8, "text"u8);
        if (trimEnd)
        {
            draft.Json.WriteString("text"u8, text.GetString()!.TrimEnd());
        }
        else
        {
            draft.Json.WriteAsIs("text"u8, text);
        }

        WriteCache(draft, part, cache);
        draft.Json.WriteEndObject();
    }

    private static void WriteSource(AnthropicDraft draft, JsonElement part, JsonElement? address, Func<string> param, JsonElement? cache, bool document)
    {
        if (address is not { ValueKind: JsonValueKind.String } url)
        {
            draft.Invalid(param(), "must be a string");
            return;
        }

        var text = url.Text();
        // Nobody knows how many pages a file at an address has, so that no money can be held for it.
        var isWeb = !document && StartsWith(text, "https:"u8);
        var type = DataUrl(text, out var data);
        if (!isWeb && !(document ? type == "application/pdf" : ImageTypes.Contains(type)))
        {
            // Another provider may fetch http: addresses, and take other types.
            draft.Unsupported(param());
            return;
        }

        draft.Json.WriteStartObject();
        draft.Json.WriteString("type"u8, document ? "document"u8 : "image"u8);
        draft.Json.WriteStartObject("source"u8);
        draft.Json.WriteString("type"u8, isWeb ? "url"u8 : "base64"u8);
        if (isWeb)
        {
            draft.Json.WriteAsIs("url"u8, url);
        }
        else
        {
            draft.Json.WriteString("media_type"u8, type);
            draft.Json.WriteString("data"u8, data);
        }

        draft.Json.WriteEndObject();
        if (document && part.Member("file"u8)?.Member("filename"u8) is { ValueKind: JsonValueKind.String } name && !name.IsBlank())
        {
            draft.Json.WriteAsIs("title"u8, name);
        }

        WriteCache(draft, part, cache);
        draft.Json.WriteEndObject();
    }

    // data:image/png;base64,iVBORw0…
    private static string DataUrl(ReadOnlySpan<byte> url, out ReadOnlySpan<byte> data)
    {
        data = default;
        var comma = url.IndexOf((byte)',');
        if (comma < 0 || !StartsWith(url, "data:"u8))
        {
            return "";
        }

        var head = Encoding.UTF8.GetString(url[5..comma]).ToLowerInvariant().Split(';', StringSplitOptions.TrimEntries);
        data = url[(comma + 1)..];
        return head[^1] != "base64" ? "" : head[0] is "image/jpg" ? "image/jpeg" : head[0];
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> start) =>
        text.Length >= start.Length && Ascii.EqualsIgnoreCase(text[..start.Length], start);
}
