namespace LlmGateway.Routing.Streaming;

/// <summary>
/// Counts while the answer passes. The provider's figures win, on whichever chunk they come, the last ones over earlier ones; what
/// it does not report is estimated from the bytes, and said to be.
/// </summary>
/// <param name="promptBytes">UTF-8 bytes of the prompt's text.</param>
/// <param name="promptExtra">Tokens of the prompt that are no text: images.</param>
internal sealed class UsageMeter(long promptBytes, long promptExtra)
{
    // English runs at about 4 bytes a token, and other scripts at fewer: an estimate between what is held and what is likely.
    private const int BytesPerToken = 4;

    private ReportedUsage _reported;
    private long _outputBytes;
    private long _contentChunks;

    /// <summary>The provider said anything at all about its usage.</summary>
    public bool HasReport => _reported is { Prompt: not null } or { Output: not null };

    /// <summary>Nothing was produced: no content passed, and no output token was reported.</summary>
    public bool IsEmpty => _outputBytes == 0 && _reported.Output is null or 0;

    public bool IsReported => _reported is { Prompt: not null, Output: not null };

    /// <summary>What has been put out so far, to hold money for: the estimate that a settlement would be made by, and never less than reported.</summary>
    public long OutputSoFar => Math.Max(_reported.Output ?? 0, EstimatedOutput);

    /// <summary>By the provider's last word, hidden output included; 0 before any.</summary>
    public long ReportedOutput => _reported.Output ?? 0;

    private long EstimatedOutput => Math.Max(_contentChunks, Tokens(_outputBytes));

    public void Report(ReportedUsage usage) => _reported = usage;

    /// <summary>A piece of the answer passed. Providers send a token a piece or more, never less.</summary>
    public void Content(int bytes)
    {
        _contentChunks += bytes > 0 ? 1 : 0;
        _outputBytes += bytes;
    }

    public TokenUsage Read() => new(
        _reported.Prompt ?? Tokens(promptBytes) + promptExtra,
        _reported.Cached,
        _reported.CacheWrite,
        _reported.Output ?? EstimatedOutput,
        _reported.Reasoning,
        Estimated: !IsReported)
    {
        CacheWrite1h = _reported.CacheWrite1h,
    };

    private static long Tokens(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;
}
