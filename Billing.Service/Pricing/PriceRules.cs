namespace LlmGateway.Billing.Pricing;

/// <summary>What stated prices must keep to, beyond the range of each.</summary>
internal static class PriceRules
{
    private const int MostTiers = 16;

    // What follows from other prices may exceed what may be stated, but only so far that no sum of a call overflows.
    private const long HighestThatFollows = 2 * TokenPrices.Highest;

    /// <returns>The path of the field at fault, to be put behind the model's, and the rule; or null.</returns>
    public static (string Path, string Rule)? Fault(AnnouncedPrices prices)
    {
        if (prices is { SameAs: not null } and not { Input: null, Output: null, CachedInput: null, CacheWrite: null, CacheWrite1h: null, Reasoning: null, PerRequest: null, Tiers.Length: 0 })
        {
            return (".same_as", "goes with no price beside it.");
        }

        if (prices.Tiers.Length > MostTiers)
        {
            return (".tiers", $"must be at most {MostTiers}.");
        }

        for (var index = 0; index < prices.Tiers.Length; index++)
        {
            if (index > 0 && prices.Tiers[index].PromptTokensAbove <= prices.Tiers[index - 1].PromptTokensAbove)
            {
                return ($".tiers[{index}].prompt_tokens_above", "must be larger than the one before it.");
            }

            if (prices.Usable is { } usable && !Fits(usable, prices.Tiers[index]))
            {
                return ($".tiers[{index}].input", "raises a price that the tier does not state beyond what can be charged.");
            }
        }

        return null;
    }

    private static bool Fits(TokenPrices prices, PriceTier tier)
    {
        try
        {
            var rates = Rates.Of(prices, tier);
            return Math.Max(Math.Max(rates.CachedInput, rates.CacheWrite), Math.Max(rates.CacheWrite1h, rates.Reasoning)) <= HighestThatFollows;
        }
        catch (OverflowException)
        {
            return false;
        }
    }
}
