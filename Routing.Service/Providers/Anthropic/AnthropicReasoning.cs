using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// How much a model is to think: OpenAI's reasoning_effort, or Anthropic's own thinking object, which LiteLLM's users put into a chat.
/// <code>
/// "none"                 thinking:{"type":"disabled"}; where that is refused {"type":"between_tools"}, else the least effort
/// "low" … "max"          thinking:{"type":"adaptive","display":"summarized"}, output_config:{"effort":"low"}
///                        older models: thinking:{"type":"enabled","budget_tokens":n}
/// </code>
/// </summary>
internal readonly struct AnthropicReasoning
{
    // Anthropic's minimum, and what an answer gets at least besides.
    private const long LeastBudget = 1024;

    private AnthropicReasoning(string type, long budget, string? effort) => (Type, Budget, Effort) = (type, budget, effort);

    /// <summary>Of the thinking object; empty when there is none.</summary>
    public string Type { get; }

    public long Budget { get; }

    /// <summary>For output_config; null without.</summary>
    public string? Effort { get; }

    /// <summary>The model thinks because it was asked to: sampling is not to be touched then.</summary>
    public bool Thinks => Type is "enabled" or "adaptive" or "between_tools";

    /// <param name="draft">The request.</param>
    /// <param name="root">The client's.</param>
    /// <param name="maxTokens">What goes upstream.</param>
    /// <param name="mayThink">False where thinking is refused besides: a forced tool, an answer begun, a history whose thoughts are lost.</param>
    public static AnthropicReasoning Of(AnthropicDraft draft, JsonElement root, long maxTokens, bool mayThink)
    {
        var (effort, budget) = Wanted(draft, root);
        return (draft.Model.Thinking, effort) switch
        {
            (_, "") or (AnthropicThinking.None, _) => new("", 0, null),
            (AnthropicThinking.Adaptive, "none") when draft.Model.MayDisableThinking => new("disabled", 0, null),
            (AnthropicThinking.Adaptive, "none") when draft.Model.ThinksBetweenTools => new("between_tools", 0, null),
            (AnthropicThinking.Adaptive, "none") => new("", 0, "low"),
            (AnthropicThinking.Adaptive, _) => new(mayThink ? "adaptive" : "", 0, EffortOf(draft.Model, effort)),
            (_, "none") => new("", 0, null),
            _ => mayThink ? Budgeted(budget ?? BudgetOf(draft.Model, effort), maxTokens) : new("", 0, null),
        };
    }

    public void Write(Utf8JsonWriter json)
    {
        if (Type.Length == 0)
        {
            return;
        }

        json.WriteStartObject("thinking"u8);
        json.WriteString("type"u8, Type);
        if (Type == "enabled")
        {
            json.WriteNumber("budget_tokens"u8, Budget);
        }
        else if (Type == "adaptive")
        {
            // Newer models say nothing of what they think unless they are asked.
            json.WriteString("display"u8, "summarized"u8);
        }

        json.WriteEndObject();
    }

    // {"type":"enabled","budget_tokens":2048}
    private static (string Effort, long? Budget) Wanted(AnthropicDraft draft, JsonElement root)
    {
        if (root.Member("thinking"u8) is { ValueKind: JsonValueKind.Object } thinking)
        {
            var type = thinking.Member("type"u8);
            var budget = thinking.Member("budget_tokens"u8) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var tokens) ? tokens : (long?)null;
            return type.Is("disabled"u8) ? ("none", null) : (Named(draft, root) is { Length: > 0 } effort and not "none" ? effort : "high", budget);
        }

        return (Named(draft, root), null);
    }

    private static string Named(AnthropicDraft draft, JsonElement root)
    {
        var effort = root.Member("reasoning_effort"u8);
        if (effort is null)
        {
            return "";
        }

        var name = effort.Value.IsString() ? effort.Value.GetString()! : "";
        if (name is not ("none" or "minimal" or "low" or "medium" or "high" or "xhigh" or "max"))
        {
            draft.Invalid("reasoning_effort", "must be none, minimal, low, medium, high, xhigh or max");
        }

        return name;
    }

    private static string EffortOf(AnthropicModel model, string effort) => effort switch
    {
        "minimal" => "low",
        "xhigh" when !model.TakesXhighEffort => "high",
        _ => effort,
    };

    // Shares of the model's maximum, as the AI SDK divides it.
    private static long BudgetOf(AnthropicModel model, string effort) => model.MaxOutputTokens * effort switch
    {
        "minimal" => 2,
        "low" => 10,
        "medium" => 30,
        "high" => 60,
        "xhigh" => 90,
        _ => 95,
    } / 100;

    /// <summary>
    /// Thoughts count against max_tokens, by OpenAI's words as by Anthropic's, and no more than that is held: the budget has to fit into it,
    /// beside an answer. Where it does not the model answers without.
    /// </summary>
    private static AnthropicReasoning Budgeted(long budget, long maxTokens)
    {
        var room = maxTokens - Math.Max(LeastBudget, maxTokens / 20);
        return room >= LeastBudget ? new("enabled", Math.Clamp(budget, LeastBudget, room), null) : new("", 0, null);
    }
}
