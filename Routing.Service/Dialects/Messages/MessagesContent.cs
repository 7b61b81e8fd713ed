using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// The system prompt and the messages. A user's turn with tool results becomes one message for each result, and then one of all the rest,
/// with the results' images, which chat has no other place for. An assistant's turn becomes one message: text, thinking, tool calls.
/// </summary>
internal static class MessagesContent
{
    public static void WriteSystem(JsonElement body, MessagesTranslation translation)
    {
        if (!body.TryGetProperty("system", out var system) || system.ValueKind == JsonValueKind.Null
            || (system.ValueKind == JsonValueKind.String && system.ValueEquals("")) || (system.ValueKind == JsonValueKind.Array && system.GetArrayLength() == 0))
        {
            return;
        }

        translation.Json.WriteStartObject();
        translation.Json.WriteString("role"u8, "system"u8);
        WriteText("system", system, translation);
        translation.Json.WriteEndObject();
    }

    public static void WriteMessages(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Needs(body, "messages", JsonValueKind.Array, out var messages))
        {
            return;
        }

        if (messages.GetArrayLength() == 0)
        {
            translation.Invalid("messages", "an array of at least one message");
        }

        translation.Path.Enter("messages");
        translation.Path.Enter(-1);
        foreach (var message in messages.EnumerateArray())
        {
            translation.Path.Step();
            translation.Messages++;
            WriteMessage(message, translation);
        }

        translation.Path.Leave();
        translation.Path.Leave();
    }

    private static void WriteMessage(JsonElement message, MessagesTranslation translation)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid(null, "an object");
            return;
        }

        if (!translation.Needs(message, "role", JsonValueKind.String, out var role))
        {
            return;
        }

        if (!message.TryGetProperty("content", out var content) || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            translation.Invalid("content", "a string or an array of blocks");
            return;
        }

        if (role.ValueEquals("user"))
        {
            WriteUser(content, translation);
        }
        else if (role.ValueEquals("assistant"))
        {
            MessagesAssistant.Write(content, translation);
        }
        else if (role.ValueEquals("system"))
        {
            translation.Json.WriteStartObject();
            translation.Json.WriteString("role"u8, "system"u8);
            WriteText("content", content, translation);
            translation.Json.WriteEndObject();
        }
        else
        {
            translation.Invalid("role", "'user', 'assistant' or 'system'");
        }
    }

    /// <summary>Writes "content" of a text, or of text blocks: a string where there is one without a cache mark.</summary>
    internal static void WriteText(string member, JsonElement content, MessagesTranslation translation)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            translation.Copy("content"u8, content);
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            translation.Invalid(member, "a string or an array of text blocks");
            return;
        }

        translation.Path.Enter(member);
        var parts = new MessagesParts(translation);
        parts.WriteAll(content);
        parts.End();
        translation.Path.Leave();
    }

    private static void WriteUser(JsonElement content, MessagesTranslation translation)
    {
        var json = translation.Json;
        if (content.ValueKind == JsonValueKind.String)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            translation.Copy("content"u8, content);
            json.WriteEndObject();
            return;
        }

        translation.Path.Enter("content");
        var results = WriteResults(content, translation);
        if (results.Count == 0 || results.HaveImages || results.Count < content.GetArrayLength())
        {
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            var parts = new MessagesParts(translation);
            parts.WriteImagesOfResults(content);
            parts.WriteAll(content, "tool_result");
            parts.End();
            json.WriteEndObject();
        }

        translation.Path.Leave();
    }

    // {"type":"tool_result","tool_use_id":"toolu_1","content":"…" or [blocks],"is_error":true}
    private static (int Count, bool HaveImages) WriteResults(JsonElement content, MessagesTranslation translation)
    {
        var (count, images) = (0, false);
        translation.Path.Enter(-1);
        foreach (var block in content.EnumerateArray())
        {
            translation.Path.Step();
            if (MessagesParts.IsOf(block, "tool_result"))
            {
                count++;
                WriteResult(block, translation);
                images |= block.TryGetProperty("content", out var inner) && inner.ValueKind == JsonValueKind.Array
                    && inner.EnumerateArray().Any(part => MessagesParts.IsOf(part, "image"));
            }
        }

        translation.Path.Leave();
        return (count, images);
    }

    private static void WriteResult(JsonElement block, MessagesTranslation translation)
    {
        var json = translation.Json;
        json.WriteStartObject();
        json.WriteString("role"u8, "tool"u8);
        if (translation.Needs(block, "tool_use_id", JsonValueKind.String, out var id))
        {
            translation.Copy("tool_call_id"u8, id);
        }

        if (MessagesTranslation.IsTrue(block, "is_error"))
        {
            json.WriteBoolean("is_error"u8, true);
        }

        translation.CopyIfThere("cache_control"u8, block, "cache_control", JsonValueKind.Object);
        WriteResultContent(block, translation);
        json.WriteEndObject();
    }

    private static void WriteResultContent(JsonElement block, MessagesTranslation translation)
    {
        var parts = new MessagesParts(translation);
        if (!block.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
        {
            parts.End();
        }
        else if (content.ValueKind == JsonValueKind.String)
        {
            translation.Copy("content"u8, content);
        }
        else if (content.ValueKind == JsonValueKind.Array)
        {
            translation.Path.Enter("content");
            parts.WriteAll(content, "image");
            parts.End();
            translation.Path.Leave();
        }
        else
        {
            translation.Invalid("content", "a string or an array of blocks");
        }
    }
}
