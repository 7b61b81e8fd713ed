using System.Collections.Frozen;

namespace LlmGateway.Billing.Pricing;

/// <summary>What has a price: the provider and its name of the model.</summary>
internal readonly record struct PricedModel(string Provider, string Model)
{
    public override string ToString() => $"{Provider}/{Model}";
}

/// <summary>
/// The prices in force at one moment, immutable. <paramref name="Number"/> is the newest price version in it; versions are
/// only ever added and become visible in their order, so a hold that keeps the number keeps the whole book.
/// </summary>
internal sealed record PriceBook(long Number, FrozenDictionary<PricedModel, TokenPrices> Prices)
{
    public static PriceBook Empty { get; } = new(0, FrozenDictionary<PricedModel, TokenPrices>.Empty);
}
