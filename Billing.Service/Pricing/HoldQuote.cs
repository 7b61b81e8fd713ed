namespace LlmGateway.Billing.Pricing;

/// <summary>What a call may cost at most, by its output bound: the dearest of the candidates at each bound.</summary>
internal sealed class HoldQuote(IReadOnlyList<TokenPrices> candidates, long promptTokens, int markupBasisPoints)
{
    public NanoUsd Amount(long outputTokens)
    {
        var dearest = NanoUsd.Zero;
        foreach (var prices in candidates)
        {
            dearest = NanoUsd.Max(dearest, prices.Bound(promptTokens, outputTokens, markupBasisPoints));
        }

        return dearest;
    }

    /// <summary>
    /// The largest output bound from <paramref name="least"/> on and below <paramref name="below"/> whose amount is within
    /// what is available, or null. Searched, not solved for: the amount grows with the bound, and its rounding stays in one place.
    /// </summary>
    public long? LargestOutput(long least, long below, NanoUsd available)
    {
        if (least >= below || Amount(least) > available)
        {
            return null;
        }

        var (fits, tooLarge) = (least, below);
        while (tooLarge - fits > 1)
        {
            var middle = fits + ((tooLarge - fits) / 2);
            (fits, tooLarge) = Amount(middle) <= available ? (middle, tooLarge) : (fits, middle);
        }

        return fits;
    }
}
