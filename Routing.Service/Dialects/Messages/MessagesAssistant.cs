using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// An assistant's turn:
/// <code>
/// {"type":"text","text":"…"}                                                       content
/// {"type":"thinking","thinking":"…","signature":"…"}, {"type":"redacted_thinking","data":"…"}   thinking_blocks
/// {"type":"tool_use","id":"toolu_1","name":"f","input":{…}}                        tool_calls
/// </code>
/// </summary>
internal static class MessagesAssistant
{
    public static void Write(JsonElement content, MessagesTranslation translation)
    {
        var json = translation.Json;
        json.WriteStartObject();
        json.WriteString("role"u8, "assistant"u8);
        if (content.ValueKind == JsonValueKind.String)
        {
            translation.Copy("content"u8, content);
        }
        else
        {
            translation.Path.Enter("content");
            var parts = new MessagesParts(translation);
            parts.WriteAll(content, "thinking", "redacted_thinking", "tool_use");
            parts.End(orNull: content.EnumerateArray().Any(block => MessagesParts.IsOf(block, "tool_use")));
            WriteThinking(content, translation);
            WriteCalls(content, translation);
            translation.Path.Leave();
        }

        json.WriteEndObject();
    }

    private static void WriteThinking(JsonElement blocks, MessagesTranslation translation)
    {
        var json = translation.Json;
        var count = 0;
        translation.Path.Enter(-1);
        foreach (var block in blocks.EnumerateArray())
        {
            translation.Path.Step();
            var redacted = MessagesParts.IsOf(block, "redacted_thinking");
            if ((redacted && translation.Needs(block, "data", JsonValueKind.String, out _)) || (MessagesParts.IsOf(block, "thinking") && IsSigned(block, translation)))
            {
                if (count++ == 0)
                {
                    json.WriteStartArray("thinking_blocks"u8);
                }

                json.WriteStartObject();
                json.WriteString("type"u8, redacted ? "redacted_thinking"u8 : "thinking"u8);
                translation.CopyIfThere("data"u8, block, "data", JsonValueKind.String);
                translation.CopyIfThere("thinking"u8, block, "thinking", JsonValueKind.String);
                translation.CopyIfThere("signature"u8, block, "signature", JsonValueKind.String);
                json.WriteEndObject();
            }
        }

        translation.Path.Leave();
        if (count > 0)
        {
            json.WriteEndArray();
        }
    }

    // What another provider thought has no signature, and is of use to nobody.
    private static bool IsSigned(JsonElement block, MessagesTranslation translation) =>
        translation.Needs(block, "thinking", JsonValueKind.String, out _)
        && translation.Has(block, "signature", JsonValueKind.String, out var signature) && !signature.ValueEquals("");

    private static void WriteCalls(JsonElement blocks, MessagesTranslation translation)
    {
        var json = translation.Json;
        var count = 0;
        translation.Path.Enter(-1);
        foreach (var block in blocks.EnumerateArray())
        {
            translation.Path.Step();
            if (!MessagesParts.IsOf(block, "tool_use"))
            {
                continue;
            }

            if (count++ == 0)
            {
                json.WriteStartArray("tool_calls"u8);
            }

            WriteCall(block, translation);
        }

        translation.Path.Leave();
        if (count > 0)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteCall(JsonElement block, MessagesTranslation translation)
    {
        var json = translation.Json;
        json.WriteStartObject();
        if (translation.Needs(block, "id", JsonValueKind.String, out var id))
        {
            translation.Copy("id"u8, id);
        }

        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        if (translation.Needs(block, "name", JsonValueKind.String, out var name))
        {
            translation.Copy("name"u8, name);
        }

        if (translation.Needs(block, "input", JsonValueKind.Object, out var input))
        {
            json.WriteString("arguments"u8, JsonMarshal.GetRawUtf8Value(input));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
