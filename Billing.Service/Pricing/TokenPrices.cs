using Npgsql;

namespace LlmGateway.Billing.Pricing;

/// <summary>Tokens by what they cost; the kinds do not overlap. Reasoning tokens are part of the output.</summary>
internal sealed record TokenUsage(long Input, long CachedInput, long CacheWrite, long Output);

/// <summary>Prices in nano-dollars per million tokens; null is not announced.</summary>
internal sealed record AnnouncedPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output)
{
    /// <summary>The prices to charge by, or null: without input and output price there is no price.</summary>
    public TokenPrices? Usable => this is { Input: { } input, Output: { } output }
        ? new(input, CachedInput ?? input, CacheWrite ?? input, output)
        : null;

    /// <summary>From a row with input, cached_input, cache_write and output, from this column on.</summary>
    public static AnnouncedPrices Read(NpgsqlDataReader reader, int firstColumn)
    {
        return new(Price(0), Price(1), Price(2), Price(3));

        long? Price(int kind) => reader.IsDBNull(firstColumn + kind) ? null : reader.GetInt64(firstColumn + kind);
    }
}

/// <summary>Prices in nano-dollars per million tokens, complete.</summary>
internal sealed record TokenPrices(long Input, long CachedInput, long CacheWrite, long Output)
{
    /// <summary>A billion tokens of each kind at this price and 1,000 % of markup still fit 64 bits: 100,000 USD per million tokens.</summary>
    public const long Highest = 100_000_000_000_000;

    public NanoUsd ProviderCost(TokenUsage usage) => NanoUsd.ProviderCost(TimesPrice(usage));

    public NanoUsd CustomerPrice(TokenUsage usage, int markupBasisPoints) =>
        NanoUsd.CustomerPrice(TimesPrice(usage), markupBasisPoints);

    /// <summary>The most that a call within these bounds can cost the customer, however its prompt is counted.</summary>
    public NanoUsd Bound(long promptTokens, long outputTokens, int markupBasisPoints)
    {
        var dearestInput = Math.Max(Input, Math.Max(CachedInput, CacheWrite));
        return NanoUsd.CustomerPrice(
            ((Int128)promptTokens * dearestInput) + ((Int128)outputTokens * Output), markupBasisPoints);
    }

    private Int128 TimesPrice(TokenUsage usage) =>
        ((Int128)usage.Input * Input) + ((Int128)usage.CachedInput * CachedInput)
        + ((Int128)usage.CacheWrite * CacheWrite) + ((Int128)usage.Output * Output);
}
