using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// tools, tool_choice and parallel_tool_calls:
/// <code>
/// {"type":"function","function":{"name":"f","description":"…","parameters":{…},"strict":true}}   {"name":"f","description":"…","input_schema":{…}}
/// "auto" "none" "required" {"type":"function","function":{"name":"f"}}                            {"type":"auto"|"none"|"any"|"tool","name":"f"}
/// </code>
/// Where a model cannot be forced it is told to. An answer in JSON of a model that has no output format is a tool that it must call.
/// </summary>
internal sealed class AnthropicTools
{
    /// <summary>Of the tool whose input is the answer.</summary>
    public const string AnswerTool = "answer_in_json";

    private readonly AnthropicDraft _draft;
    private readonly List<(JsonElement Function, JsonElement Tool, int Index)> _tools = [];
    private readonly JsonElement? _answer;
    private readonly bool _isSerial;
    private readonly Choice _choice = Choice.Auto;
    private readonly JsonElement? _named;
    private readonly HashSet<string>? _allowed;

    /// <param name="draft">Where to.</param>
    /// <param name="root">The request.</param>
    /// <param name="answer">The schema of an answer by tool; null where there is none.</param>
    public AnthropicTools(AnthropicDraft draft, JsonElement root, JsonElement? answer)
    {
        _draft = draft;
        _answer = answer;
        _isSerial = answer is not null || root.Member("parallel_tool_calls"u8) is { ValueKind: JsonValueKind.False };
        (_choice, _named, _allowed) = ReadChoice(root.Member("tool_choice"u8));
        ReadTools(root.Member("tools"u8));
        if (answer is not null && _choice == Choice.Auto)
        {
            _choice = Choice.Required;
        }

        if (HasAny && IsForcing && !draft.Model.TakesForcedTools)
        {
            draft.Instructions.Add(_named is { } name ? $"Call the tool {name.GetString()} in your answer." : "Call at least one of the tools in your answer.");
            _choice = Choice.Auto;
        }
    }

    private enum Choice
    {
        Auto,
        None,
        Required,
        Named,
    }

    /// <summary>The model has to call a tool, and so must not think first.</summary>
    public bool Forces => HasAny && IsForcing;

    private bool HasAny => _tools.Count > 0 || _answer is not null;

    private bool IsForcing => _choice is Choice.Required or Choice.Named;

    public void Write()
    {
        if (!HasAny)
        {
            return;
        }

        _draft.Json.WriteStartArray("tools"u8);
        foreach (var (function, tool, index) in _tools)
        {
            WriteTool(function, tool, index);
        }

        if (_answer is { } schema)
        {
            _draft.Json.WriteStartObject();
            _draft.Json.WriteString("name"u8, AnswerTool);
            _draft.Json.WriteString("description"u8, "The answer, as one JSON object."u8);
            WriteSchema(schema);
            _draft.Json.WriteEndObject();
        }

        _draft.Json.WriteEndArray();
        WriteChoice();
    }

    private void WriteChoice()
    {
        if (_choice == Choice.Auto && !_isSerial)
        {
            return;
        }

        // With no tools of the client's, the answer's is the one.
        var isAnswer = _choice == Choice.Required && _answer is not null && _tools.Count == 0;
        _draft.Json.WriteStartObject("tool_choice"u8);
        _draft.Json.WriteString("type"u8, _choice switch
        {
            Choice.None => "none"u8,
            Choice.Required when !isAnswer => "any"u8,
            Choice.Required or Choice.Named => "tool"u8,
            _ => "auto"u8,
        });
        if (isAnswer)
        {
            _draft.Json.WriteString("name"u8, AnswerTool);
        }
        else if (_choice == Choice.Named)
        {
            _draft.Json.WriteAsIs("name"u8, _named!.Value);
        }

        if (_isSerial && _choice != Choice.None)
        {
            _draft.Json.WriteBoolean("disable_parallel_tool_use"u8, true);
        }

        _draft.Json.WriteEndObject();
    }

    private (Choice Choice, JsonElement? Named, HashSet<string>? Allowed) ReadChoice(JsonElement? choice)
    {
        if (choice is not { } value || value.Is("auto"u8))
        {
            return (Choice.Auto, null, null);
        }

        if (value.Is("none"u8) || value.Is("required"u8))
        {
            return (value.Is("none"u8) ? Choice.None : Choice.Required, null, null);
        }

        var type = value.Member("type"u8);
        if (type.Is("function"u8) && (value.Member("function"u8) ?? value).Member("name"u8) is { ValueKind: JsonValueKind.String } name)
        {
            return (Choice.Named, name, null);
        }

        if (type.Is("allowed_tools"u8))
        {
            return ReadAllowed(value.Member("allowed_tools"u8) ?? value);
        }

        _draft.Invalid("tool_choice", "must be auto, none, required, a function or allowed_tools");
        return (Choice.Auto, null, null);
    }

    // {"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}
    private (Choice Choice, JsonElement? Named, HashSet<string>? Allowed) ReadAllowed(JsonElement allowed)
    {
        var names = new HashSet<string>();
        if (allowed.Member("tools"u8) is not { ValueKind: JsonValueKind.Array } tools)
        {
            _draft.Invalid("tool_choice.allowed_tools.tools", "must be an array");
            return (Choice.Auto, null, names);
        }

        foreach (var tool in tools.EnumerateArray())
        {
            if ((tool.Member("function"u8) ?? tool).Member("name"u8) is { ValueKind: JsonValueKind.String } name)
            {
                names.Add(name.GetString()!);
            }
        }

        return (allowed.Member("mode"u8).Is("required"u8) ? Choice.Required : Choice.Auto, null, names);
    }

    private void ReadTools(JsonElement? tools)
    {
        if (tools is null)
        {
            return;
        }

        if (!tools.Value.IsArray())
        {
            _draft.Invalid("tools", "must be an array");
            return;
        }

        foreach (var (index, tool) in tools.Value.EnumerateArray().Index())
        {
            if (tool.Member("type"u8) is not { ValueKind: JsonValueKind.String } type)
            {
                _draft.Invalid($"tools[{index}].type", "must be a string");
            }
            else if (!type.Is("function"u8))
            {
                // Tools that run at OpenAI, or whose input is no JSON.
                _draft.Unsupported($"tools[{index}].type");
            }
            else if (tool.Member("function"u8) is not { } function || function.Member("name"u8) is not { ValueKind: JsonValueKind.String } name)
            {
                _draft.Invalid($"tools[{index}].function.name", "must be a string");
            }
            else if (_allowed is null || _allowed.Contains(name.GetString()!))
            {
                _tools.Add((function, tool, index));
            }
        }
    }

    private void WriteTool(JsonElement function, JsonElement tool, int index)
    {
        var schema = function.Member("parameters"u8);
        if (schema is { ValueKind: not JsonValueKind.Object })
        {
            _draft.Invalid($"tools[{index}].function.parameters", "must be an object");
            return;
        }

        _draft.Json.WriteStartObject();
        _draft.Json.WriteAsIs("name"u8, function.Member("name"u8)!.Value);
        if (function.Member("description"u8) is { ValueKind: JsonValueKind.String } description)
        {
            _draft.Json.WriteAsIs("description"u8, description);
        }

        var isStrict = _draft.Model.TakesOutputFormat && function.Member("strict"u8) is { ValueKind: JsonValueKind.True };
        if (isStrict && schema is not null)
        {
            _draft.Json.WriteBoolean("strict"u8, true);
            _draft.Json.WritePropertyName("input_schema"u8);
            AnthropicSchema.Write(schema.Value, _draft.Json);
        }
        else
        {
            WriteSchema(schema);
        }

        AnthropicParts.WriteCache(_draft, tool, function.Member("cache_control"u8));
        _draft.Json.WriteEndObject();
    }

    private void WriteSchema(JsonElement? schema)
    {
        if (schema is { } given && given.Member("type"u8) is not null)
        {
            _draft.Json.WriteAsIs("input_schema"u8, given);
            return;
        }

        // Anthropic wants the type, which OpenAI does without.
        _draft.Json.WriteStartObject("input_schema"u8);
        _draft.Json.WriteString("type"u8, "object"u8);
        if (schema?.Member("properties"u8) is null)
        {
            _draft.Json.WriteStartObject("properties"u8);
            _draft.Json.WriteEndObject();
        }

        if (schema is { } partial)
        {
            foreach (var member in partial.EnumerateObject().Where(static member => !member.NameEquals("type"u8) && member.Value.ValueKind != JsonValueKind.Null))
            {
                member.WriteTo(_draft.Json);
            }
        }

        _draft.Json.WriteEndObject();
    }
}
