using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Streaming;

/// <summary>Tokens of one call by OpenAI's convention: the prompt includes what was cached, the output includes the reasoning.</summary>
internal readonly record struct TokenUsage(long Prompt, long Cached, long CacheWrite, long Output, long Reasoning, bool Estimated)
{
    /// <summary>Of the cache writes, those that are kept for an hour.</summary>
    public long CacheWrite1h { get; init; }

    /// <summary>By Billing's convention: the kinds of prompt tokens do not overlap.</summary>
    public Usage ToMessage()
    {
        var cached = Math.Min(Cached, Prompt);
        var written = Math.Min(CacheWrite, Prompt - cached);
        return new Usage
        {
            InputTokens = Prompt - cached - written,
            CachedInputTokens = cached,
            CacheWriteTokens = written - Math.Min(CacheWrite1h, written),
            CacheWrite1HTokens = Math.Min(CacheWrite1h, written),
            OutputTokens = Output,
            ReasoningTokens = Math.Min(Reasoning, Output),
            Estimated = Estimated,
        };
    }
}

/// <summary>What a provider wrote about usage. Null is missing; an explicit zero is a figure like any other.</summary>
internal readonly record struct ReportedUsage(long? Prompt, long? Output, long Cached, long CacheWrite, long Reasoning)
{
    /// <summary>Of the cache writes, those that are kept for an hour.</summary>
    public long CacheWrite1h { get; init; }
}
