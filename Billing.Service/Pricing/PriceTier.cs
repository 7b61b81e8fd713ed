using System.Text.Json.Serialization;

namespace LlmGateway.Billing.Pricing;

/// <summary>Prices of the whole call once its prompt is longer than <paramref name="PromptTokensAbove"/>; null is not stated.</summary>
internal sealed record PriceTier(long PromptTokensAbove)
{
    /// <summary>The prices below every tier.</summary>
    public static PriceTier None { get; } = new(0);

    public long? Input { get; init; }
    public long? CachedInput { get; init; }
    public long? CacheWrite { get; init; }

    [JsonPropertyName("cache_write_1h")]
    public long? CacheWrite1h { get; init; }

    public long? Output { get; init; }
    public long? Reasoning { get; init; }
}
