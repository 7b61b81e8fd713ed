namespace LlmGateway.Billing.Pricing;

/// <summary>What a million tokens of each kind cost a call of one tier, in nano-dollars: every kind has its price here.</summary>
/// <param name="DearestInput">
/// Of the kinds of prompt tokens that have a price stated, which are those that the model is known to have; where it has a cache to write to, one
/// for an hour is among them.
/// </param>
internal readonly record struct Rates(
    long Input, long CachedInput, long CacheWrite, long CacheWrite1h, long Output, long Reasoning, long DearestInput)
{
    /// <exception cref="OverflowException">A price that is not stated would be out of range.</exception>
    public static Rates Of(TokenPrices prices, PriceTier tier)
    {
        var input = tier.Input ?? prices.Input;
        var output = tier.Output ?? prices.Output;
        var cached = tier.CachedInput ?? Scaled(prices.CachedInput, prices.Input, input);
        var write = tier.CacheWrite ?? Scaled(prices.CacheWrite, prices.Input, input);
        var write1h = tier.CacheWrite1h ?? Scaled(prices.CacheWrite1h, prices.Input, input);
        // Writing to a cache is dearer than reading the prompt: 1.25 times for five minutes and twice for an hour, wherever that is billed.
        // Sources: docs.claude.com/en/docs/build-with-claude/prompt-caching; OpenAI's prices from gpt-5.6 on.
        var surelyWrite = write ?? Times(input, 5, 4);
        var surelyWrite1h = write1h ?? Math.Max(surelyWrite, Times(input, 2, 1));
        return new(
            input, cached ?? input, surelyWrite, surelyWrite1h, output,
            tier.Reasoning ?? Scaled(prices.Reasoning, prices.Output, output) ?? output,
            Math.Max(Math.Max(input, cached ?? 0), write is null && write1h is null ? 0 : Math.Max(write ?? 0, surelyWrite1h)));
    }

    public Int128 Of(TokenUsage usage)
    {
        var reasoning = Math.Min(usage.Reasoning, usage.Output);
        return checked(((Int128)usage.Input * Input) + ((Int128)usage.CachedInput * CachedInput)
            + ((Int128)usage.CacheWrite * CacheWrite) + ((Int128)usage.CacheWrite1h * CacheWrite1h)
            + ((Int128)(usage.Output - reasoning) * Output) + ((Int128)reasoning * Reasoning));
    }

    // A tier that is silent about a kind raises it as it raises what the kind goes with, and never lowers it.
    private static long? Scaled(long? price, long below, long inTier) => price is { } stated && inTier > below && below > 0
        ? Times(stated, inTier, below)
        : price;

    private static long Times(long price, long numerator, long denominator) =>
        checked((long)((((Int128)price * numerator) + denominator - 1) / denominator));
}
