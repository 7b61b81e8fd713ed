using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace LlmGateway.Billing.Pricing;

/// <summary>Prices as the database gets and keeps them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AnnouncedPrices))]
[JsonSerializable(typeof(ImmutableArray<PriceTier>))]
[JsonSerializable(typeof(IReadOnlyList<PriceRow>))]
internal sealed partial class PricesJson : JsonSerializerContext;
