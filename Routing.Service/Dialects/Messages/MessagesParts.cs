using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Writes "content" of one chat message, block by block: a string where there is one text without a cache mark, which every server takes,
/// else parts.
/// </summary>
internal sealed class MessagesParts(MessagesTranslation translation)
{
    private readonly Utf8JsonWriter _json = translation.Json;
    private int _count;

    // A first text, as long as nothing follows it.
    private JsonElement? _lone;

    public static bool IsOf(JsonElement block, string type) =>
        block.ValueKind == JsonValueKind.Object && block.TryGetProperty("type", out var value)
        && value.ValueKind == JsonValueKind.String && value.ValueEquals(type);

    /// <summary>Every block but those of the types to skip. The path stands at the array.</summary>
    public void WriteAll(JsonElement blocks, params ReadOnlySpan<string> skip)
    {
        translation.Path.Enter(-1);
        foreach (var block in blocks.EnumerateArray())
        {
            translation.Path.Step();
            if (block.ValueKind != JsonValueKind.Object)
            {
                translation.Invalid(null, "an object");
            }
            else if (translation.Needs(block, "type", JsonValueKind.String, out var type) && !skip.Contains(type.GetString()!))
            {
                Write(type.GetString()!, block);
            }
        }

        translation.Path.Leave();
    }

    /// <summary>Chat's tool messages have text only: what a tool drew is shown in the user's message after them.</summary>
    public void WriteImagesOfResults(JsonElement blocks)
    {
        translation.Path.Enter(-1);
        foreach (var block in blocks.EnumerateArray())
        {
            translation.Path.Step();
            if (IsOf(block, "tool_result") && block.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array)
            {
                translation.Path.Enter("content");
                WriteAll(content, "text", "document", "search_result", "tool_reference");
                translation.Path.Leave();
            }
        }

        translation.Path.Leave();
    }

    /// <param name="text">A string.</param>
    /// <param name="mark">cache_control; undefined without one.</param>
    public void WriteText(JsonElement text, JsonElement mark)
    {
        if (_count == 0 && mark.ValueKind != JsonValueKind.Object)
        {
            _count = 1;
            _lone = text;
            return;
        }

        Begin("text"u8);
        translation.Copy("text"u8, text);
        End(mark);
    }

    /// <param name="type">Of the part.</param>
    public void Begin(ReadOnlySpan<byte> type)
    {
        if (_count == 0 || _lone is not null)
        {
            _json.WriteStartArray("content"u8);
        }

        if (_lone is { } first)
        {
            _lone = null;
            _json.WriteStartObject();
            _json.WriteString("type"u8, "text"u8);
            translation.Copy("text"u8, first);
            _json.WriteEndObject();
        }

        _count++;
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    public void End(JsonElement mark)
    {
        if (mark.ValueKind == JsonValueKind.Object)
        {
            translation.Copy("cache_control"u8, mark);
        }

        _json.WriteEndObject();
    }

    /// <summary>The content is complete.</summary>
    /// <param name="orNull">No part at all is null, as beside tool calls; else an empty text.</param>
    public void End(bool orNull = false)
    {
        if (_lone is { } text)
        {
            translation.Copy("content"u8, text);
        }
        else if (_count > 0)
        {
            _json.WriteEndArray();
        }
        else if (orNull)
        {
            _json.WriteNull("content"u8);
        }
        else
        {
            _json.WriteString("content"u8, ""u8);
        }
    }

    private void Write(string type, JsonElement block)
    {
        translation.Has(block, "cache_control", JsonValueKind.Object, out var mark);
        switch (type)
        {
            case "text":
                if (translation.Needs(block, "text", JsonValueKind.String, out var text))
                {
                    WriteText(text, mark);
                }

                break;
            case "image":
                MessagesMedia.WriteImage(block, mark, this, translation);
                break;
            case "document":
                MessagesMedia.WriteDocument(block, mark, this, translation);
                break;
            case "tool_addition" or "container_upload":
                translation.Invalid("type", "another: tools and files that a message brings are not held for");
                break;
            default:
                translation.OnlyNative("type");
                break;
        }
    }
}
