using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Billing.Data;

namespace LlmGateway.Billing.Pricing;

/// <summary>Prices in nano-dollars per million tokens as somebody states them; null is not stated.</summary>
internal sealed record AnnouncedPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output)
{
    [JsonPropertyName("cache_write_1h")]
    public long? CacheWrite1h { get; init; }

    public long? Reasoning { get; init; }
    public long? PerRequest { get; init; }
    public ImmutableArray<PriceTier> Tiers { get; init; } = [];

    /// <summary>Another model, whose prices are meant.</summary>
    public PricedModel? SameAs { get; init; }

    public static AnnouncedPrices None { get; } = new(null, null, null, null);

    public static AnnouncedPrices Of(PriceVersion version) => new(version.Input, version.CachedInput, version.CacheWrite, version.Output)
    {
        CacheWrite1h = version.CacheWrite1h,
        Reasoning = version.Reasoning,
        PerRequest = version.PerRequest,
        Tiers = version.Tiers is { } tiers ? JsonSerializer.Deserialize(tiers, PricesJson.Default.ImmutableArrayPriceTier) : [],
    };

    /// <summary>The prices to charge by, or null: without input and output price there is no price.</summary>
    [JsonIgnore]
    public TokenPrices? Usable => this is { Input: { } input, Output: { } output }
        ? new(input, CachedInput, CacheWrite, output)
        {
            CacheWrite1h = CacheWrite1h,
            Reasoning = Reasoning,
            PerRequest = PerRequest ?? 0,
            Tiers = Tiers,
        }
        : null;

    /// <summary>
    /// The same text for the same prices: <code>{"input":2500000000,"cached_input":1250000000,"output":10000000000}</code>
    /// A kind without a price is absent, which an explicit 0 is not.
    /// </summary>
    [JsonIgnore]
    public string Content => JsonSerializer.Serialize(this, PricesJson.Default.AnnouncedPrices);

    public bool Equals(AnnouncedPrices? other) => other is not null && Content == other.Content;

    public override int GetHashCode() => HashCode.Combine(Input, CachedInput, CacheWrite, Output, Tiers.Length);
}
