using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// Fields that make a call dearer than its tokens at the model's prices, which is all that a hold covers, or whose tokens nobody can count before:
/// <code>
/// service_tier but auto, default and flex; web_search_options; search_parameters; audio; modalities but text;
/// tools that are neither function nor custom; files by file_id
/// </code>
/// And names that a server could take for one of theirs, as <see cref="Lookalikes"/> says.
/// Sources: platform.openai.com/docs/api-reference/chat/create and /docs/pricing, docs.x.ai/docs/guides/live-search.
/// </summary>
internal static class PaidFields
{
    private static readonly Lookalikes Fields = new(
        "messages", "tools", "service_tier", "modalities", "audio", "web_search_options", "search_parameters");

    private static readonly Lookalikes ToolFields = new("type");

    /// <summary>The first such field of a body; null where none is there.</summary>
    public static string? Find(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader);
            if (name is null && TakenFor(Fields, ref reader) is { } written)
            {
                return written;
            }

            reader.Read();
            var value = reader;
            reader.Skip();
            if (name is not null && value.TokenType != JsonTokenType.Null && !IsFree(name, value, body[(int)value.TokenStartIndex..(int)reader.BytesConsumed]))
            {
                return name;
            }
        }

        return null;
    }

    private static string? NameOf(ref Utf8JsonReader reader) =>
        JsonText.NameIs("messages"u8, ref reader) ? "messages"
        : JsonText.NameIs("tools"u8, ref reader) ? "tools"
        : JsonText.NameIs("service_tier"u8, ref reader) ? "service_tier"
        : JsonText.NameIs("modalities"u8, ref reader) ? "modalities"
        : JsonText.NameIs("audio"u8, ref reader) ? "audio"
        : JsonText.NameIs("web_search_options"u8, ref reader) ? "web_search_options"
        : JsonText.NameIs("search_parameters"u8, ref reader) ? "search_parameters"
        : null;

    // A name with half of a surrogate pair is none that we know.
    private static string? TakenFor(Lookalikes names, ref Utf8JsonReader reader)
    {
        try
        {
            return names.Find(ref reader, out var written) is null ? null : written;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsFree(string name, Utf8JsonReader value, ReadOnlySpan<byte> json) => name switch
    {
        "messages" => !HasStoredFile(json),
        "tools" => AreOwn(value),
        "service_tier" => Is("auto"u8, ref value) || Is("default"u8, ref value) || Is("flex"u8, ref value),
        "modalities" => AreText(value),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<byte> text, ref Utf8JsonReader value) => value.TokenType == JsonTokenType.String && JsonText.NameIs(text, ref value);

    private static bool AreText(Utf8JsonReader value)
    {
        if (value.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (value.Read() && value.TokenType != JsonTokenType.EndArray)
        {
            if (!Is("text"u8, ref value))
            {
                return false;
            }
        }

        return true;
    }

    // Each with a type, and each type of a tool that is given twice: the server may take either.
    private static bool AreOwn(Utf8JsonReader value)
    {
        if (value.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        while (value.Read() && value.TokenType == JsonTokenType.StartObject)
        {
            var isOwn = false;
            while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
            {
                var isType = JsonText.NameIs("type"u8, ref value);
                if (!isType && TakenFor(ToolFields, ref value) is not null)
                {
                    return false;
                }

                value.Read();
                if (isType && !(isOwn = Is("function"u8, ref value) || Is("custom"u8, ref value)))
                {
                    return false;
                }

                value.Skip();
            }

            if (!isOwn)
            {
                return false;
            }
        }

        return value.TokenType == JsonTokenType.EndArray;
    }

    // {"type":"file","file":{"file_id":"…"}}
    private static bool HasStoredFile(ReadOnlySpan<byte> messages)
    {
        // Nothing is read where the name is not there, and cannot be in another spelling.
        if (messages.IndexOf("file_id"u8) < 0 && messages.IndexOf("\\u"u8) < 0)
        {
            return false;
        }

        var reader = new Utf8JsonReader(messages);
        var file = int.MaxValue;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == file && JsonText.NameIs("file_id"u8, ref reader) && reader.Read() && reader.TokenType != JsonTokenType.Null)
            {
                return true;
            }

            file = JsonText.NameIs("file"u8, ref reader) ? reader.CurrentDepth + 1 : reader.CurrentDepth >= file ? file : int.MaxValue;
        }

        return false;
    }
}
