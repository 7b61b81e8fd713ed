using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>Why the ledger says no: the whole set.</summary>
internal enum LedgerRefusalReason
{
    InsufficientBalance,
    PriceUnknown,
    UnknownHold,
    ClosedHold,

    /// <summary>The request id is held by another account.</summary>
    ForeignHold,
}

internal sealed record LedgerRefusal(LedgerRefusalReason Reason)
{
    /// <summary>The least that the call would have needed. The figures come with <see cref="LedgerRefusalReason.InsufficientBalance"/>.</summary>
    public NanoUsd Required { get; init; }
    public NanoUsd Balance { get; init; }
    public NanoUsd Held { get; init; }
    public NanoUsd Available => Balance - Held;

    /// <summary>What has no price, with <see cref="LedgerRefusalReason.PriceUnknown"/>.</summary>
    public PricedModel? Model { get; init; }
}

/// <summary>A value, or the reason for its absence.</summary>
internal readonly record struct Answer<T>(T? Value, LedgerRefusal? Refusal)
    where T : class
{
    public static implicit operator Answer<T>(T value) => new(value, null);

    public static implicit operator Answer<T>(LedgerRefusal refusal) => new(null, refusal);
}
