namespace LlmGateway.Gateway.Limits;

/// <summary>Whose requests are counted together.</summary>
internal enum LimitScope
{
    Key,
    Account,
    Global,
}

internal enum RateUnit
{
    /// <summary>Calls of a model.</summary>
    Requests,

    /// <summary>All other requests with a key.</summary>
    Reads,

    /// <summary>Of prompts and answers.</summary>
    Tokens,

    /// <summary>Calls that run at the same time.</summary>
    Parallel,
}

/// <summary>One limit that holds for a caller.</summary>
/// <param name="Limit">0 allows nothing.</param>
/// <param name="WindowMs">Milliseconds; 0 of parallel calls, which are leases and not counts.</param>
/// <param name="StoreKey">Where it is counted, the same on every gateway.</param>
internal sealed record LimitRule(LimitScope Scope, RateUnit Unit, long Limit, long WindowMs, string StoreKey);

/// <summary>What one call takes of one limit.</summary>
/// <param name="Amount">0 only asks how things stand.</param>
/// <param name="Least">What must be left for the call to be let in; it then takes up to <paramref name="Amount"/> of what there is.</param>
internal readonly record struct Charge(LimitRule Rule, long Amount, long Least);

/// <summary>One limit after the decision.</summary>
/// <param name="Used">With what the call took.</param>
/// <param name="ResetMs">Milliseconds until nothing is used any more.</param>
/// <param name="Slot">Of the window; where to give back.</param>
/// <param name="Taken">By this call.</param>
internal readonly record struct LimitState(long Used, long ResetMs, long Slot, long Taken);

/// <summary>All limits of one call, decided together.</summary>
/// <param name="Refused">The limit that refuses longest, by its place; -1 for none, and then all are charged. Otherwise none is.</param>
/// <param name="RetryMs">Milliseconds until it would not refuse any more; <see cref="Never"/> where the call is larger than the limit.</param>
/// <param name="States">In the order of the charges.</param>
internal sealed record LimitVerdict(int Refused, long RetryMs, LimitState[] States)
{
    public const long Never = -1;

    /// <summary>A place may become free at any moment; nobody knows when.</summary>
    public const long ParallelRetryMs = 1_000;

    public bool IsAdmitted => Refused < 0;

    /// <summary>Where it was counted; corrections belong there.</summary>
    public bool InRedis { get; init; }
}

/// <summary>What is to be changed afterwards of what a call took.</summary>
/// <param name="Delta">Negative gives back, to the slot that it was taken from. Ignored for parallel calls, whose place becomes free.</param>
internal readonly record struct Correction(LimitRule Rule, long Slot, long Delta);

/// <summary>The place of a running call in its limits of parallel calls.</summary>
internal sealed record Lease(string Id, LimitRule[] Rules);
