using LlmGateway.Billing.Pricing;
using ModelPrice = LlmGateway.Protos.Billing.V1.ModelPrice;

namespace LlmGateway.Billing.Grpc;

/// <summary>Stated prices, every field checked.</summary>
internal static class PriceRequests
{
    public static AnnouncedPrices Read(ModelPrice price, string field)
    {
        var stated = new AnnouncedPrices(
            Price($"{field}.input", price.HasInput, price.Input),
            Price($"{field}.cached_input", price.HasCachedInput, price.CachedInput),
            Price($"{field}.cache_write", price.HasCacheWrite, price.CacheWrite),
            Price($"{field}.output", price.HasOutput, price.Output))
        {
            CacheWrite1h = Price($"{field}.cache_write_1h", price.HasCacheWrite1H, price.CacheWrite1H),
            Reasoning = Price($"{field}.reasoning", price.HasReasoning, price.Reasoning),
            PerRequest = price.HasPerRequest
                ? Fields.InRange($"{field}.per_request", price.PerRequest, 0, TokenPrices.HighestPerRequest)
                : null,
            Tiers = [.. price.Tiers.Select((tier, index) => Read(tier, $"{field}.tiers[{index}]"))],
            SameAs = price.SameAs is { } other
                ? new(Fields.Name($"{field}.same_as.provider", other.Provider), Fields.Name($"{field}.same_as.model", other.Model))
                : null,
        };
        return PriceRules.Fault(stated) is var (part, rule) ? throw Fields.Invalid($"{field}{part}", rule) : stated;
    }

    private static PriceTier Read(Protos.Billing.V1.PriceTier tier, string field) =>
        new(Fields.InRange($"{field}.prompt_tokens_above", tier.PromptTokensAbove, 1, Fields.MostTokens))
        {
            Input = Price($"{field}.input", tier.HasInput, tier.Input),
            CachedInput = Price($"{field}.cached_input", tier.HasCachedInput, tier.CachedInput),
            CacheWrite = Price($"{field}.cache_write", tier.HasCacheWrite, tier.CacheWrite),
            CacheWrite1h = Price($"{field}.cache_write_1h", tier.HasCacheWrite1H, tier.CacheWrite1H),
            Output = Price($"{field}.output", tier.HasOutput, tier.Output),
            Reasoning = Price($"{field}.reasoning", tier.HasReasoning, tier.Reasoning),
        };

    private static long? Price(string field, bool has, long value) =>
        has ? Fields.InRange(field, value, 0, TokenPrices.Highest) : null;
}
