using System.Text.Json;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// Chat messages as items of Responses. One message of the assistant is several: what it thought, what it said, and each of its calls.
/// <code>
/// {"role":"tool","tool_call_id":"call_1","content":"…"}     {"type":"function_call_output","call_id":"call_1","output":"…"}
/// </code>
/// </summary>
internal sealed class ResponsesItems(Utf8JsonWriter json, ResponsesWire wire)
{
    /// <summary>Of calls of custom tools: their outputs are items of another type.</summary>
    private readonly HashSet<string> _custom = [];

    public void Write(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            wire.Unreadable("messages");
            return;
        }

        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var at = $"messages[{index++}]";
            if (message.ValueKind == JsonValueKind.Object && ResponsesWire.Has(message, "role", out var role) && role.ValueKind == JsonValueKind.String)
            {
                WriteMessage(message, role.GetString()!, at);
            }
            else
            {
                wire.Unreadable(at);
            }
        }
    }

    private void WriteMessage(JsonElement message, string role, string at)
    {
        switch (role)
        {
            case "system" or "developer" or "user":
                WriteSaid(message, role, at);
                break;
            case "assistant":
                WriteThoughts(message);
                if (ResponsesWire.Has(message, "content", out _) || ResponsesWire.Has(message, "refusal", out _))
                {
                    WriteSaid(message, role, at);
                }

                WriteCalls(message, at);
                break;
            case "tool":
                WriteOutput(message, at);
                break;
            default:
                wire.Unreadable($"{at}.role");
                break;
        }
    }

    private void WriteSaid(JsonElement message, string role, string at)
    {
        var content = ResponsesWire.Has(message, "content", out var said) ? said : default;
        if (role == "assistant" && content.ValueKind == JsonValueKind.String && content.ValueEquals(""u8))
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, role);
        if (content.ValueKind == JsonValueKind.String)
        {
            ResponsesWire.Copy(json, "content", content);
        }
        else
        {
            json.WriteStartArray("content"u8);
            WriteParts(content, role == "assistant" ? "output_text" : "input_text", $"{at}.content");
            if (role == "assistant" && ResponsesWire.Has(message, "refusal", out var refusal))
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "refusal"u8);
                ResponsesWire.Copy(json, "refusal", refusal);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // As the answer gave them: [{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"…"}]
    private void WriteThoughts(JsonElement message)
    {
        if (!ResponsesWire.Has(message, "reasoning_items", out var items) || items.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        foreach (var item in items.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && ResponsesWire.Has(item, "encrypted_content", out var encrypted))
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "reasoning"u8);
                ResponsesWire.CopyIfThere(json, item, "id");
                json.WriteStartArray("summary"u8);
                json.WriteEndArray();
                ResponsesWire.Copy(json, "encrypted_content", encrypted);
                json.WriteEndObject();
            }
        }
    }

    private void WriteCalls(JsonElement message, string at)
    {
        if (ResponsesWire.Has(message, "function_call", out _))
        {
            wire.Unreadable($"{at}.function_call");
        }

        if (!ResponsesWire.Has(message, "tool_calls", out var calls) || calls.ValueKind != JsonValueKind.Array)
        {
            return;
        }

        var index = 0;
        foreach (var call in calls.EnumerateArray())
        {
            WriteCall(call, $"{at}.tool_calls[{index++}]");
        }
    }

    private void WriteCall(JsonElement call, string at)
    {
        if (call.ValueKind != JsonValueKind.Object || !ResponsesWire.Has(call, "id", out var id) || id.ValueKind != JsonValueKind.String)
        {
            wire.Unreadable(at);
            return;
        }

        var isCustom = ResponsesWire.Has(call, "custom", out var inner);
        if (!isCustom && !ResponsesWire.Has(call, "function", out inner))
        {
            wire.Unreadable(at);
            return;
        }

        if (inner.ValueKind != JsonValueKind.Object)
        {
            wire.Unreadable(at);
            return;
        }

        if (isCustom)
        {
            _custom.Add(id.GetString()!);
        }

        json.WriteStartObject();
        json.WriteString("type"u8, isCustom ? "custom_tool_call"u8 : "function_call"u8);
        ResponsesWire.Copy(json, "call_id", id);
        ResponsesWire.CopyIfThere(json, inner, "name");
        ResponsesWire.CopyIfThere(json, inner, isCustom ? "input" : "arguments");
        json.WriteEndObject();
    }

    private void WriteOutput(JsonElement message, string at)
    {
        if (!ResponsesWire.Has(message, "tool_call_id", out var id) || id.ValueKind != JsonValueKind.String)
        {
            wire.Unreadable($"{at}.tool_call_id");
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, _custom.Contains(id.GetString()!) ? "custom_tool_call_output"u8 : "function_call_output"u8);
        ResponsesWire.Copy(json, "call_id", id);
        var content = ResponsesWire.Has(message, "content", out var output) ? output : default;
        if (content.ValueKind == JsonValueKind.Array)
        {
            json.WriteStartArray("output"u8);
            WriteParts(content, "input_text", $"{at}.content");
            json.WriteEndArray();
        }
        else if (content.ValueKind == JsonValueKind.String)
        {
            ResponsesWire.Copy(json, "output", content);
        }
        else
        {
            json.WriteString("output"u8, ""u8);
        }

        json.WriteEndObject();
    }

    private void WriteParts(JsonElement content, string text, string at)
    {
        if (content.ValueKind is JsonValueKind.Undefined)
        {
            return;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            wire.Unreadable(at);
            return;
        }

        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            WritePart(part, text, $"{at}[{index++}]");
        }
    }

    private void WritePart(JsonElement part, string text, string at)
    {
        var type = part.ValueKind == JsonValueKind.Object && ResponsesWire.Has(part, "type", out var written) && written.ValueKind == JsonValueKind.String
            ? written.GetString()
            : null;
        json.WriteStartObject();
        switch (type)
        {
            case "text":
                json.WriteString("type"u8, text);
                ResponsesWire.CopyIfThere(json, part, "text");
                break;
            case "refusal":
                json.WriteString("type"u8, "refusal"u8);
                ResponsesWire.CopyIfThere(json, part, "refusal");
                break;
            case "image_url" when ResponsesWire.Has(part, "image_url", out var image) && image.ValueKind == JsonValueKind.Object:
                json.WriteString("type"u8, "input_image"u8);
                if (ResponsesWire.Has(image, "url", out var url))
                {
                    ResponsesWire.Copy(json, "image_url", url);
                }

                ResponsesWire.CopyIfThere(json, image, "detail");
                break;
            case "file" when ResponsesWire.Has(part, "file", out var file) && file.ValueKind == JsonValueKind.Object:
                json.WriteString("type"u8, "input_file"u8);
                ResponsesWire.CopyIfThere(json, file, "filename");
                if (ResponsesWire.Has(file, "file_data", out var data))
                {
                    ResponsesWire.Copy(json, "file_data", data);
                }
                else
                {
                    // Stored at OpenAI, where it may be another customer's.
                    wire.Unreadable($"{at}.file.file_id");
                }

                break;
            default:
                wire.Unreadable(at);
                break;
        }

        json.WriteEndObject();
    }
}
