using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// The input's items as chat messages. One turn of the assistant is several items, and one message there:
/// <code>
/// {"role":"user","content":"…"}                                          a message
/// {"type":"reasoning","encrypted_content":"…"}                           left out: only who wrote it can read it
/// {"type":"message","role":"assistant","content":[{"type":"output_text","text":"…"}]}       content ┐ of one message
/// {"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"}                   tool_calls ┘
/// {"type":"function_call_output","call_id":"call_1","output":"…"}        a message of the role tool
/// </code>
/// </summary>
internal sealed class ResponsesInput(ResponsesTranslation translation)
{
    private readonly Utf8JsonWriter _json = translation.Json;

    /// <summary>Of the assistant's turn that is being gathered: content parts, or whole strings.</summary>
    private readonly List<(JsonElement Part, string At)> _content = [];

    private readonly List<JsonElement> _calls = [];

    /// <summary>Images and files that tools gave out: no tool message of chat has them, the user's next one does.</summary>
    private readonly List<(JsonElement Part, string At)> _media = [];

    public void Write(JsonElement body)
    {
        if (!body.TryGetProperty("input", out var input) || input.ValueKind == JsonValueKind.Null)
        {
            translation.Missing("input");
            return;
        }

        switch (input.ValueKind)
        {
            case JsonValueKind.String:
                translation.Items = 1;
                BeginMessage("user");
                translation.Copy("content"u8, input);
                _json.WriteEndObject();
                break;
            case JsonValueKind.Array when input.GetArrayLength() > 0:
                translation.Items = input.GetArrayLength();
                var index = 0;
                foreach (var item in input.EnumerateArray())
                {
                    Item(item, $"input[{index++}]");
                }

                EndTurn();
                EndTools();
                break;
            default:
                translation.Invalid("input", "a string or an array of at least one item");
                break;
        }
    }

    private void Item(JsonElement item, string at)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid(at, "an object");
            return;
        }

        // A message may do without its type.
        var type = translation.Has(item, "type", at, JsonValueKind.String, out var written) ? written.GetString()! : "message";
        switch (type)
        {
            case "message":
                Message(item, at);
                break;
            case "function_call":
                if (translation.Needs(item, "call_id", at, JsonValueKind.String, out _)
                    && translation.Needs(item, "name", at, JsonValueKind.String, out _)
                    && translation.Needs(item, "arguments", at, JsonValueKind.String, out _))
                {
                    EndTools();
                    _calls.Add(item);
                }

                break;
            case "function_call_output":
                ToolOutput(item, at);
                break;
            case "reasoning":
                break;
            case "custom_tool_call":
                translation.OnlyNative($"{at}.type");
                break;
            case "custom_tool_call_output":
                // It goes on as it is, with what is in its parts.
                translation.OnlyNative($"{at}.type");
                ToolOutput(item, at);
                break;
            case "item_reference":
                translation.Refuse(
                    at, "nothing is stored here. Send the items themselves; with the AI SDK, set providerOptions.openai.store to false.");
                break;
            default:
                translation.Refuse($"{at}.type", $"'{type}' is no item that any provider but OpenAI has.");
                break;
        }
    }

    private void Message(JsonElement item, string at)
    {
        if (!translation.Needs(item, "role", at, JsonValueKind.String, out var role))
        {
            return;
        }

        if (!item.TryGetProperty("content", out var content) || content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            translation.Invalid($"{at}.content", "a string or an array of parts");
            return;
        }

        EndTools();
        switch (role.GetString())
        {
            case "assistant":
                // Two messages of the assistant are two turns, unless calls bind them together.
                EndTurnUnless(_content.Count == 0 || _calls.Count > 0);
                Gather(content, at);
                break;
            case "user" or "system" or "developer":
                EndTurn();
                BeginMessage(role.GetString()!);
                WriteContent(content, at);
                _json.WriteEndObject();
                break;
            default:
                translation.Invalid($"{at}.role", "user, assistant, system or developer");
                break;
        }
    }

    private void Gather(JsonElement content, string at)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            _content.Add((content, at));
            return;
        }

        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            _content.Add((part, $"{at}.content[{index++}]"));
        }
    }

    private void WriteContent(JsonElement content, string at)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            translation.Copy("content"u8, content);
            return;
        }

        _json.WriteStartArray("content"u8);
        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            ResponsesParts.Write(part, $"{at}.content[{index++}]", translation);
        }

        _json.WriteEndArray();
    }

    private void ToolOutput(JsonElement item, string at)
    {
        if (!translation.Needs(item, "call_id", at, JsonValueKind.String, out var id))
        {
            return;
        }

        EndTurn();
        BeginMessage("tool");
        translation.Copy("tool_call_id"u8, id);
        if (item.TryGetProperty("output", out var output) && output.ValueKind == JsonValueKind.String)
        {
            translation.Copy("content"u8, output);
        }
        else if (output.ValueKind == JsonValueKind.Array)
        {
            WriteOutputParts(output, $"{at}.output");
        }
        else
        {
            translation.Invalid($"{at}.output", "a string or an array of parts");
        }

        _json.WriteEndObject();
    }

    private void WriteOutputParts(JsonElement output, string at)
    {
        _json.WriteStartArray("content"u8);
        var (index, texts) = (0, 0);
        foreach (var part in output.EnumerateArray())
        {
            var place = $"{at}[{index++}]";
            if (ResponsesParts.IsText(part))
            {
                ResponsesParts.Write(part, place, translation);
                texts++;
            }
            else
            {
                _media.Add((part, place));
            }
        }

        if (texts == 0)
        {
            _json.WriteStartObject();
            _json.WriteString("type"u8, "text"u8);
            _json.WriteString("text"u8, _media.Count > 0 ? "The output follows."u8 : ""u8);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    private void EndTurnUnless(bool goesOn)
    {
        if (!goesOn)
        {
            EndTurn();
        }
    }

    /// <summary>Writes the assistant's turn that was gathered.</summary>
    private void EndTurn()
    {
        if (_content.Count == 0 && _calls.Count == 0)
        {
            return;
        }

        BeginMessage("assistant");
        WriteTurnContent();
        if (_calls.Count > 0)
        {
            _json.WriteStartArray("tool_calls"u8);
            foreach (var call in _calls)
            {
                WriteCall(call);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _content.Clear();
        _calls.Clear();
    }

    private void WriteTurnContent()
    {
        if (_content.Count == 0)
        {
            _json.WriteNull("content"u8);
            return;
        }

        if (_content is [{ Part.ValueKind: JsonValueKind.String }])
        {
            translation.Copy("content"u8, _content[0].Part);
            return;
        }

        _json.WriteStartArray("content"u8);
        foreach (var (part, at) in _content)
        {
            ResponsesParts.Write(part, at, translation);
        }

        _json.WriteEndArray();
    }

    private void WriteCall(JsonElement call)
    {
        _json.WriteStartObject();
        translation.Copy("id"u8, call.GetProperty("call_id"));
        _json.WriteString("type"u8, "function"u8);
        _json.WriteStartObject("function"u8);
        translation.Copy("name"u8, call.GetProperty("name"));
        translation.Copy("arguments"u8, call.GetProperty("arguments"));
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    /// <summary>The outputs of tools are over: what of them is no text goes to the user's side.</summary>
    private void EndTools()
    {
        if (_media.Count == 0)
        {
            return;
        }

        BeginMessage("user");
        _json.WriteStartArray("content"u8);
        foreach (var (part, at) in _media)
        {
            ResponsesParts.Write(part, at, translation);
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        _media.Clear();
    }

    private void BeginMessage(string role)
    {
        _json.WriteStartObject();
        _json.WriteString("role"u8, role);
    }
}
