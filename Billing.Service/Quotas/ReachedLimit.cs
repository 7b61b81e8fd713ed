namespace LlmGateway.Billing.Quotas;

internal enum LimitWindow
{
    Total,
    Day,
    Month,
}

internal enum LimitUnit
{
    Tokens,
    NanoUsd,
}

/// <summary>The limit that a call was refused by.</summary>
/// <param name="Used">By settled calls, in the limit's unit.</param>
/// <param name="Held">For open calls.</param>
/// <param name="ResetsAt">When the next window begins; null for one that never does.</param>
internal sealed record ReachedLimit(LimitWindow Window, LimitUnit Unit, long Limit, long Used, long Held, DateTimeOffset? ResetsAt);

internal static class LimitWindows
{
    /// <summary>The midnight, UTC, at which the window of a moment ends.</summary>
    public static DateTimeOffset? ResetsAt(this LimitWindow window, DateTimeOffset at)
    {
        var day = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero);
        return window switch
        {
            LimitWindow.Day => day.AddDays(1),
            LimitWindow.Month => day.AddDays(1 - day.Day).AddMonths(1),
            _ => null,
        };
    }
}
