using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// A LiteLLM key for the price of a long prompt: input_cost_per_token_above_200k_tokens, with thousands of tokens before the k.
/// Source: the keys of LiteLLM's model_prices_and_context_window.json.
/// </summary>
internal sealed partial record TierKey(string Kind, long PromptTokensAbove)
{
    public static bool TryParse(string key, [NotNullWhen(true)] out TierKey? parsed)
    {
        var match = Form().Match(key);
        parsed = match.Success
            ? new(match.Groups["kind"].Value, int.Parse(match.Groups["thousands"].ValueSpan, CultureInfo.InvariantCulture) * 1000L)
            : null;
        return parsed is not null;
    }

    public void Set(PriceTier tier, long price)
    {
        switch (Kind)
        {
            case "input_cost_per_token":
                tier.Input = price;
                break;
            case "cache_read_input_token_cost":
                tier.CachedInput = price;
                break;
            case "cache_creation_input_token_cost":
                tier.CacheWrite = price;
                break;
            case "cache_creation_input_token_cost_above_1hr":
                tier.CacheWrite1H = price;
                break;
            case "output_cost_per_token":
                tier.Output = price;
                break;
            case "output_cost_per_reasoning_token":
                tier.Reasoning = price;
                break;
            default:
                throw new InvalidOperationException($"{Kind} is no kind of price.");
        }
    }

    [GeneratedRegex(
        "^(?<kind>input_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost(_above_1hr)?|output_cost_per_token"
        + "|output_cost_per_reasoning_token)_above_(?<thousands>[1-9][0-9]{0,5})k_tokens$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}
