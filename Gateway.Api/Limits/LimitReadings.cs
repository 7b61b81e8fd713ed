namespace LlmGateway.Gateway.Limits;

/// <summary>How one limit stands.</summary>
/// <param name="ResetsAt">When nothing of it will be used; null where nothing is, and of parallel calls.</param>
internal sealed record LimitReading(LimitRule Rule, long Used, DateTimeOffset? ResetsAt)
{
    public long Remaining => Math.Max(0, Rule.Limit - Used);
}

/// <summary>How the limits of a caller's calls stand.</summary>
/// <param name="Storage">redis or memory.</param>
internal sealed record LimitReadings(IReadOnlyList<LimitReading> All, string Storage)
{
    /// <summary>Of the key's windows of calls the one with the least left; of two the shorter one. Null where there is none.</summary>
    public LimitReading? Tightest => All
        .Where(reading => reading.Rule is { Scope: LimitScope.Key, Unit: RateUnit.Requests }).MinBy(reading => reading.Remaining);
}
