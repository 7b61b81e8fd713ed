using System.Collections.Frozen;

namespace LlmGateway.Billing.Pricing;

/// <summary>What has a price: the provider and its name of the model.</summary>
internal readonly record struct PricedModel(string Provider, string Model)
{
    public override string ToString() => $"{Provider}/{Model}";
}

/// <summary>What was known and in force at one moment, then and at any time later.</summary>
/// <param name="Book">The newest version known.</param>
/// <param name="At">The moment.</param>
internal readonly record struct PriceMoment(long Book, DateTimeOffset At);

/// <summary>
/// The prices in force from one moment until another, immutable. <paramref name="Number"/> is the newest price version that was
/// known; versions are only ever added and become visible in their order.
/// </summary>
/// <param name="Number">The newest version known.</param>
/// <param name="From">The moment that it was read for.</param>
/// <param name="Until">When a planned price begins, as far as is known.</param>
/// <param name="Versions">The version that each price is of: what a hold keeps.</param>
internal sealed record PriceBook(
    long Number, DateTimeOffset From, DateTimeOffset Until, FrozenDictionary<PricedModel, TokenPrices> Prices,
    FrozenDictionary<PricedModel, long> Versions)
{
    public static PriceBook Empty { get; } = new(
        0, DateTimeOffset.MinValue, DateTimeOffset.MinValue, FrozenDictionary<PricedModel, TokenPrices>.Empty,
        FrozenDictionary<PricedModel, long>.Empty);
}
