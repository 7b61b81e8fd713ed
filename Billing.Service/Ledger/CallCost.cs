using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>What provider calls cost the customer, and what they cost us.</summary>
internal readonly record struct CallCost(NanoUsd Price, NanoUsd ProviderCost)
{
    /// <summary>A million USD: far beyond any call, and thousands of such calls a day still sum up within 64 bits.</summary>
    public static readonly NanoUsd Highest = new(1_000_000_000_000_000);

    public bool IsTooHigh => Price > Highest || ProviderCost > Highest;

    public static CallCost operator +(CallCost left, CallCost right) =>
        new(left.Price + right.Price, left.ProviderCost + right.ProviderCost);

    /// <param name="free">The customer does not pay for it.</param>
    public static CallCost Of(TokenPrices prices, TokenUsage usage, int markupBasisPoints, bool free) =>
        new(free ? NanoUsd.Zero : prices.CustomerPrice(usage, markupBasisPoints), prices.ProviderCost(usage));
}
