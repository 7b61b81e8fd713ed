using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>What was set aside for a call, at its last.</summary>
/// <param name="Amount">In USD.</param>
/// <param name="PromptTokens">The prompt's bound; OutputTokens that of the answer.</param>
/// <param name="Estimate">The account may be overdrawn: the amount did not bound the call.</param>
internal sealed record GenerationHold(decimal Amount, long PromptTokens, long OutputTokens, bool Estimate)
{
    public static GenerationHold From(HeldForCall held) =>
        new(Usd.FromNano(held.AmountNanoUsd), held.PromptTokens, held.OutputTokens, held.Estimate);
}

/// <summary>Where a call could have gone.</summary>
/// <param name="RuledOut">Why it was passed over: rate_limited, disabled. Null for one that was asked, or whose turn did not come.</param>
internal sealed record GenerationCandidate(string Deployment, string? RuledOut)
{
    public static GenerationCandidate From(Considered considered) =>
        new(considered.Deployment, considered.RuledOut.Length > 0 ? considered.RuledOut : null);
}

/// <summary>In USD per million tokens, in the tier of the call's prompt; PerRequest is for the call.</summary>
internal sealed record GenerationPrices(
    decimal Input, decimal CachedInput, decimal CacheWrite, [property: JsonPropertyName("cache_write_1h")] decimal CacheWrite1h, decimal Output,
    decimal Reasoning, decimal PerRequest)
{
    private const int Places = 9;

    /// <param name="prices">The provider's.</param>
    /// <param name="markupBasisPoints">What the customer pays on top; shown rounded to nine places, and charged without.</param>
    public static GenerationPrices From(CallPrices prices, int markupBasisPoints)
    {
        return new(
            Price(prices.Input), Price(prices.CachedInput), Price(prices.CacheWrite), Price(prices.CacheWrite1H), Price(prices.Output),
            Price(prices.Reasoning), Price(prices.PerRequest));

        // Without the zeros that a division leaves at the end.
        decimal Price(long nanoUsd) =>
            decimal.Round(Usd.FromNano(nanoUsd) * (10_000 + markupBasisPoints) / 10_000, Places) / 1.0000000000000000000000000000m;
    }
}

/// <summary>What one provider call cost, which is one posting.</summary>
/// <param name="Id">Of the posting.</param>
/// <param name="Attempt">Its place among the attempts, from 1; null where it is not known.</param>
/// <param name="Cost">In USD.</param>
internal sealed record GenerationProviderCost(
    string Id, int? Attempt, string Deployment, string Provider, string Model, GenerationTokens Usage, long PriceVersion, decimal Cost)
{
    public static GenerationProviderCost From(ProviderCost cost) => new(
        cost.Id, cost.Attempt > 0 ? cost.Attempt : null, cost.Candidate.Deployment, cost.Candidate.Provider, cost.Candidate.Model,
        GenerationTokens.From(cost.Usage), cost.PriceVersion, Usd.FromNano(cost.CostNanoUsd));
}
