namespace LlmGateway.Billing.Quotas;

/// <summary>What a key has used and holds in the windows of one moment.</summary>
internal sealed record KeyWindows(WindowFigures Total, WindowFigures Day, WindowFigures Month)
{
    /// <param name="figures">For total, day and month each: tokens used, tokens held, nano-dollars used, nano-dollars held.</param>
    public static KeyWindows? FromArray(long[]? figures) => figures is null ? null : new(At(figures, 0), At(figures, 1), At(figures, 2));

    private static WindowFigures At(long[] figures, int window) =>
        new(figures[window], figures[window + 3], figures[window + 6], figures[window + 9]);
}

/// <summary>One window's tokens and nano-dollars: used by settled calls, and held for open ones.</summary>
internal sealed record WindowFigures(long UsedTokens, long HeldTokens, long UsedCost, long HeldCost)
{
    public long Tokens => checked(UsedTokens + HeldTokens);

    public long Cost => checked(UsedCost + HeldCost);
}
