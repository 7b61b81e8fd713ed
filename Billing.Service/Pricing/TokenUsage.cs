namespace LlmGateway.Billing.Pricing;

/// <summary>Tokens by what they cost; the kinds do not overlap, but that reasoning is part of the output.</summary>
internal sealed record TokenUsage(long Input, long CachedInput, long CacheWrite, long Output)
{
    public long CacheWrite1h { get; init; }

    public long Reasoning { get; init; }

    /// <summary>What a tier's threshold is compared with.</summary>
    public long Prompt => checked(Input + CachedInput + CacheWrite + CacheWrite1h);
}
