using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>What provider calls cost the customer, and what they cost us.</summary>
internal readonly record struct CallCost(NanoUsd Price, NanoUsd ProviderCost)
{
    public static CallCost operator +(CallCost left, CallCost right) =>
        new(left.Price + right.Price, left.ProviderCost + right.ProviderCost);

    /// <param name="free">The customer does not pay for it.</param>
    public static CallCost Of(TokenPrices prices, TokenUsage usage, int markupBasisPoints, bool free) =>
        new(free ? NanoUsd.Zero : prices.CustomerPrice(usage, markupBasisPoints), prices.ProviderCost(usage));
}
