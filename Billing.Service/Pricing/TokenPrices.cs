using System.Collections.Immutable;

namespace LlmGateway.Billing.Pricing;

/// <summary>
/// A model's prices in nano-dollars per million tokens, as they were stated; what null costs is said at <see cref="Rates"/>.
/// </summary>
internal sealed record TokenPrices(long Input, long? CachedInput, long? CacheWrite, long Output)
{
    /// <summary>A billion tokens of each kind at this price and 1,000 % of markup still fit 64 bits: 100,000 USD per million tokens.</summary>
    public const long Highest = 100_000_000_000_000;

    /// <summary>1,000 USD.</summary>
    public const long HighestPerRequest = 1_000_000_000_000;

    public long? CacheWrite1h { get; init; }

    /// <summary>Of reasoning tokens; null charges them as the output that they are part of.</summary>
    public long? Reasoning { get; init; }

    /// <summary>Nano-dollars for each call, beside its tokens.</summary>
    public long PerRequest { get; init; }

    /// <summary>In the order of their thresholds.</summary>
    public ImmutableArray<PriceTier> Tiers { get; init; } = [];

    public NanoUsd ProviderCost(TokenUsage usage) => NanoUsd.ProviderCost(TimesPrice(usage));

    public NanoUsd CustomerPrice(TokenUsage usage, int markupBasisPoints) =>
        NanoUsd.CustomerPrice(TimesPrice(usage), markupBasisPoints);

    /// <summary>
    /// The most that a call within these bounds can cost the customer, however its prompt is counted, in the dearest tier that it may
    /// reach.
    /// </summary>
    public NanoUsd Bound(long promptTokens, long outputTokens, int markupBasisPoints)
    {
        var most = Most(PriceTier.None, promptTokens, outputTokens);
        foreach (var tier in Tiers.Where(tier => promptTokens > tier.PromptTokensAbove))
        {
            most = Int128.Max(most, Most(tier, promptTokens, outputTokens));
        }

        return NanoUsd.CustomerPrice(checked(most + RequestTimesMillion), markupBasisPoints);
    }

    /// <summary>What each kind costs a call of this usage.</summary>
    public Rates RatesOf(TokenUsage usage) => Rates.Of(this, TierOf(usage.Prompt));

    public bool Equals(TokenPrices? other) => other is not null
        && (Input, CachedInput, CacheWrite, CacheWrite1h, Output, Reasoning, PerRequest)
            == (other.Input, other.CachedInput, other.CacheWrite, other.CacheWrite1h, other.Output, other.Reasoning, other.PerRequest)
        && Tiers.SequenceEqual(other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Input, CachedInput, CacheWrite, Output, Tiers.Length);

    // The price of a call is no price of tokens: put among them, it shares their one rounding.
    private Int128 RequestTimesMillion => (Int128)PerRequest * 1_000_000;

    /// <summary>Sum over the kinds of tokens x price, not rounded: what several provider calls of one call cost its customer is rounded together.</summary>
    public Int128 TimesPrice(TokenUsage usage) => checked(RatesOf(usage).Of(usage) + RequestTimesMillion);

    private PriceTier TierOf(long promptTokens) =>
        Tiers.LastOrDefault(tier => promptTokens > tier.PromptTokensAbove) ?? PriceTier.None;

    private Int128 Most(PriceTier tier, long promptTokens, long outputTokens)
    {
        var rates = Rates.Of(this, tier);
        return checked(((Int128)promptTokens * rates.DearestInput) + ((Int128)outputTokens * Math.Max(rates.Output, rates.Reasoning)));
    }
}
