using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmGateway.FakeProvider;

/// <summary>What Anthropic itself checks before it answers, in its words as far as they are known. The turns are <see cref="AnthropicTurns"/>'.</summary>
internal sealed partial class AnthropicChecks(ProviderCall call, Signatures signatures)
{
    private static readonly HashSet<string> Fields =
    [
        "model", "messages", "max_tokens", "cache_control", "container", "context_management", "diagnostics", "inference_geo", "mcp_servers",
        "metadata", "output_config", "service_tier", "speed", "stop_sequences", "stream", "system", "temperature", "thinking", "tool_choice",
        "tools", "top_k", "top_p", "user_profile_id", "workspace_id",
    ];

    private static readonly HashSet<string> ToolFields =
    [
        "name", "description", "input_schema", "cache_control", "strict", "type", "eager_input_streaming", "defer_loading", "allowed_callers", "input_examples",
    ];

    private readonly JsonElement _body = call.Json;
    private readonly AnthropicModel _model = new(call.Model);

    public ProviderError? Find()
    {
        if (!call.Headers.TryGetValue("anthropic-version", out var version) || version.Length == 0)
        {
            return new ProviderError(400, "anthropic-version: header is required");
        }

        if (version is not ("2023-06-01" or "2026-10-21"))
        {
            return new ProviderError(400, $"anthropic-version: \"{version}\" is not a valid version. For more information, please refer to https://docs.claude.com/en/api/versioning");
        }

        if (_body.ValueKind != JsonValueKind.Object)
        {
            return new ProviderError(400, "The request body is not valid JSON: expected an object");
        }

        var said = Head() ?? Sampling(version) ?? Tools() ?? Thinking() ?? new AnthropicTurns(_body, _model, signatures).Find();
        return said is null ? null : new ProviderError(400, said);
    }

    private string? Head()
    {
        if (_body.Members().FirstOrDefault(member => !Fields.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            return $"{unknown.Name}: Extra inputs are not permitted";
        }

        if (_body.Member("model").ValueKind != JsonValueKind.String)
        {
            return "model: Field required";
        }

        if (_body.Member("messages").ValueKind != JsonValueKind.Array)
        {
            return "messages: Field required";
        }

        if (call.Endpoint == Endpoint.Messages && call.MaxTokens is null)
        {
            return "max_tokens: Field required";
        }

        if (call.MaxTokens > _model.MaxTokens)
        {
            return $"max_tokens: {call.MaxTokens} > {_model.MaxTokens}, which is the maximum allowed number of output tokens for {call.Model}";
        }

        return _body.Member("stop_sequences").Items().Any(item => string.IsNullOrWhiteSpace(item.GetString()))
            ? "stop_sequences: each stop sequence must contain non-whitespace"
            : null;
    }

    private string? Sampling(string version)
    {
        var sent = new[] { "temperature", "top_p", "top_k" }.Where(name => _body.Has(name)).ToList();
        if (version == "2026-10-21" && sent.Count > 0)
        {
            return $"{sent[0]}: Extra inputs are not permitted";
        }

        if (sent.Find(name => _body.Number(name) is null) is { } none)
        {
            return $"{none}: Input should be a valid number";
        }

        if (_body.Number("temperature") is < 0 or > 1)
        {
            return "temperature: Input should be less than or equal to 1";
        }

        if (!_model.TemperatureWithTopP && _body.Has("temperature") && _body.Has("top_p"))
        {
            return "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
        }

        var deprecated = sent.Find(name => !_model.Samples && (name, _body.Number(name)) is not (("temperature", 1) or ("top_p", >= 0.99m)));
        return deprecated is null ? null : $"`{deprecated}` is deprecated for this model.";
    }

    private string? Tools()
    {
        var tools = _body.Member("tools").Items().ToList();
        for (var index = 0; index < tools.Count; index++)
        {
            if (tools[index].Text("type") is not ("" or "custom"))
            {
                continue;
            }

            var place = $"tools.{index}.custom";
            if (tools[index].Members().FirstOrDefault(member => !ToolFields.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
            {
                return $"{place}.{unknown.Name}: Extra inputs are not permitted";
            }

            if (!Name().IsMatch(tools[index].Text("name")))
            {
                return $"{place}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'";
            }

            if (tools[index].Member("input_schema").Text("type") != "object")
            {
                return $"{place}.input_schema.type: Input should be 'object'";
            }
        }

        if (_body.Member("tool_choice") is not { ValueKind: JsonValueKind.Object } choice)
        {
            return _body.Has("tool_choice") ? "tool_choice: Input should be an object" : null;
        }

        return choice.Text("type") switch
        {
            _ when tools.Count == 0 => "tool_choice: Input may only be specified while providing tools.",
            "any" or "tool" when !_model.ForcesTools => "tool_choice: forced tool use is not supported for this model.",
            "tool" when !tools.Any(tool => tool.Text("name") == choice.Text("name")) => $"Tool '{choice.Text("name")}' not found in provided tools",
            "any" or "tool" when _body.Member("thinking").Text("type") is "enabled" => "Thinking may not be enabled when tool_choice forces tool use.",
            "auto" or "none" or "any" or "tool" => null,
            var other => $"tool_choice: Input tag '{other}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
        };
    }

    private string? Thinking()
    {
        if (_body.Member("thinking") is not { ValueKind: JsonValueKind.Object } thinking)
        {
            return null;
        }

        var budget = thinking.Number("budget_tokens");
        return thinking.Text("type") switch
        {
            "disabled" when !_model.ForcesTools => "thinking: `disabled` is not supported for this model.",
            "enabled" when !_model.TakesBudgets => "thinking: `enabled` is not supported for this model. Use `adaptive` instead.",
            "enabled" when budget is null or < 1024 =>
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            "enabled" when budget >= call.MaxTokens => "`max_tokens` must be greater than `thinking.budget_tokens`.",
            "enabled" when _body.Number("temperature") is not (null or 1) => "`temperature` may only be set to 1 when thinking is enabled.",
            "enabled" when _body.Has("top_k") => "`top_k` must be unset when thinking is enabled.",
            "enabled" or "disabled" or "adaptive" or "between_tools" => null,
            var other => $"thinking: Input tag '{other}' found using 'type' does not match any of the expected tags: 'enabled', 'disabled', 'adaptive'",
        };
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,128}$", RegexOptions.None, 1000)]
    private static partial Regex Name();
}
