using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>What OpenAI itself checks of a response's request, where no unknown parameter passes.</summary>
internal sealed class ResponsesChecks(ProviderCall call)
{
    private static readonly HashSet<string> Fields =
    [
        "background", "context_management", "conversation", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata", "model",
        "moderation", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning", "safety_identifier", "service_tier", "store", "stream", "stream_options", "temperature", "text", "tool_choice", "tools",
        "top_logprobs", "top_p", "truncation", "user",
    ];

    private readonly JsonElement _body = call.Json;

    public ProviderError? Find()
    {
        if (_body.ValueKind != JsonValueKind.Object)
        {
            return new ProviderError(400, "We could not parse the JSON body of your request.");
        }

        if (_body.Members().FirstOrDefault(member => !Fields.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return Unknown(unknown.Name);
        }

        if (!_body.Has("input"))
        {
            return new ProviderError(400, "Missing required parameter: 'input'.", Code: "missing_required_parameter", Param: "input");
        }

        if (_body.Number("max_output_tokens") < 16)
        {
            return new ProviderError(400, $"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got {_body.Number("max_output_tokens")} instead.",
                Code: "integer_below_min_value", Param: "max_output_tokens");
        }

        if (_body.Member("stream_options").Has("include_usage"))
        {
            return Unknown("stream_options.include_usage");
        }

        if (_body.Number("temperature") is not (null or 1) && new OpenAiModel(call.Model) is { Reasons: true, SamplesWithoutEffort: false })
        {
            return new ProviderError(400, "Unsupported parameter: 'temperature' is not supported with this model.", Param: "temperature");
        }

        return Tools() ?? Items();
    }

    private static ProviderError Unknown(string name) => new(400, $"Unknown parameter: '{name}'.", Code: "unknown_parameter", Param: name);

    private ProviderError? Tools()
    {
        foreach (var (tool, index) in _body.Member("tools").Items().Select((tool, index) => (tool, index)))
        {
            if (tool.Text("type") == "function" && tool.Text("name").Length == 0)
            {
                return new ProviderError(400, $"Missing required parameter: 'tools[{index}].name'.", Code: "missing_required_parameter", Param: $"tools[{index}].name");
            }
        }

        return _body.Member("text").Member("format") is { ValueKind: JsonValueKind.Object } format && format.Text("type") == "json_schema" && format.Text("name").Length == 0
            ? new ProviderError(400, "Missing required parameter: 'text.format.name'.", Code: "missing_required_parameter", Param: "text.format.name")
            : null;
    }

    private ProviderError? Items()
    {
        var open = new HashSet<string>();
        foreach (var (item, index) in _body.Member("input").Items().Select((item, index) => (item, index)))
        {
            switch (item.Text("type"))
            {
                case "function_call":
                    open.Add(item.Text("call_id"));
                    break;
                case "function_call_output" when !open.Remove(item.Text("call_id")):
                    return new ProviderError(400, $"No tool call found for function call output with call_id {item.Text("call_id")}.", Param: "input");
                case "message" or "" when Part(item) is { } wrong:
                    return new ProviderError(400, $"Invalid value: '{wrong}'. Supported values are: 'input_text', 'input_image', 'output_text', 'refusal', 'input_file', 'computer_screenshot', and 'summary_text'.",
                        Code: "invalid_value", Param: $"input[{index}].content[0]");
                case "message" or "" or "function_call_output" or "reasoning" or "item_reference":
                    break;
                case var other:
                    return new ProviderError(400, $"Invalid value: '{other}'.", Code: "invalid_value", Param: $"input[{index}]");
            }
        }

        return open.Count == 0 ? null : new ProviderError(400, $"No tool output found for function call {open.First()}.", Param: "input");
    }

    /// <summary>A part that this role cannot have.</summary>
    private static string? Part(JsonElement message)
    {
        var mine = message.Text("role") == "assistant";
        return message.Member("content").Items().Select(part => part.Text("type"))
            .FirstOrDefault(type => mine ? type is not ("output_text" or "refusal") : type is not ("input_text" or "input_image" or "input_file"));
    }
}
