using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>
/// What OpenAI itself checks of a chat before it answers. It takes fields that OpenAI does not know, as compatible servers do.
/// </summary>
internal sealed class ChatChecks(ProviderCall call)
{
    private readonly JsonElement _body = call.Json;
    private readonly OpenAiModel _model = new(call.Model);

    public ProviderError? Find() => Head() ?? Model() ?? Tools();

    private ProviderError? Head()
    {
        if (_body.ValueKind != JsonValueKind.Object)
        {
            return new ProviderError(400, "We could not parse the JSON body of your request.");
        }

        if (_body.Member("messages").ValueKind != JsonValueKind.Array)
        {
            return new ProviderError(400, "Missing required parameter: 'messages'.", Code: "missing_required_parameter", Param: "messages");
        }

        if (!call.Stream && _body.Has("stream_options"))
        {
            return new ProviderError(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", Param: "stream_options");
        }

        return _body.TryGetProperty("max_tokens", out _) && _body.TryGetProperty("max_completion_tokens", out _)
            ? new ProviderError(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", Param: "max_tokens")
            : null;
    }

    private ProviderError? Model()
    {
        if (!_model.Reasons)
        {
            return null;
        }

        if (_model.OnlyResponses)
        {
            return new ProviderError(404, "This model is only supported in v1/responses and not in v1/chat/completions.", Param: "model");
        }

        if (_body.Has("max_tokens"))
        {
            return new ProviderError(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                Code: "unsupported_parameter", Param: "max_tokens");
        }

        var effort = _body.Text("reasoning_effort");
        var samples = _model.SamplesWithoutEffort && effort == "none";
        foreach (var (name, neutral) in samples ? [] : new[] { ("temperature", 1m), ("top_p", 1m), ("presence_penalty", 0m), ("frequency_penalty", 0m) })
        {
            if (_body.Number(name) is { } value && value != neutral)
            {
                return new ProviderError(400, $"Unsupported value: '{name}' does not support {value} with this model. Only the default ({neutral}) value is supported.",
                    Code: "unsupported_value", Param: name);
            }
        }

        if (_body.Member("tools").Items().Any() && _model.ToolsNeedNone is { } said && effort != "none" && (said || effort.Length > 0))
        {
            return new ProviderError(400, $"Function tools with reasoning_effort are not supported for {call.Model} in /v1/chat/completions. To use function tools, use /v1/responses or set reasoning_effort to 'none'.",
                Param: "reasoning_effort");
        }

        return null;
    }

    /// <summary>The calls of an assistant's message are answered by the tool messages right after it, and nothing else is.</summary>
    private ProviderError? Tools()
    {
        var tools = _body.Member("tools").Items().Select((tool, index) => (tool, index)).FirstOrDefault(pair => pair.tool.Member("function").Text("name").Length == 0);
        if (tools.tool is { ValueKind: JsonValueKind.Object } && tools.tool.Text("type") is "function" or "")
        {
            return new ProviderError(400, $"Missing required parameter: 'tools[{tools.index}].function'.", Code: "missing_required_parameter", Param: $"tools[{tools.index}].function");
        }

        if (_body.Has("tool_choice") && !_body.Member("tools").Items().Any())
        {
            return new ProviderError(400, "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", Param: "tool_choice");
        }

        var open = new List<string>();
        foreach (var (message, index) in _body.Member("messages").EnumerateArray().Select((message, index) => (message, index)))
        {
            if (message.Text("role") == "tool")
            {
                if (!open.Remove(message.Text("tool_call_id")))
                {
                    return new ProviderError(400, "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                        Param: $"messages.[{index}].role");
                }

                continue;
            }

            if (open.Count > 0)
            {
                break;
            }

            open.AddRange(message.Member("tool_calls").Items().Select(tool => tool.Text("id")));
        }

        return open.Count == 0 ? null : new ProviderError(400,
            $"An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {string.Join(", ", open)}",
            Param: "messages");
    }
}
