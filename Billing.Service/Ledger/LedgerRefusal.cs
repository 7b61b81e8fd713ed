using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Ledger;

/// <summary>Why the ledger says no: the whole set.</summary>
internal enum LedgerRefusalReason
{
    InsufficientBalance,

    /// <summary>A limit of the key, in one of its windows.</summary>
    LimitReached,
    PriceUnknown,
    UnknownHold,
    ClosedHold,

    /// <summary>The request id is held by another account.</summary>
    ForeignHold,

    /// <summary>What the call used costs more than any call may.</summary>
    TooDear,

    /// <summary>The account has no settled call of this id, whose answer could be given again.</summary>
    UnknownSource,
}

internal sealed record LedgerRefusal(LedgerRefusalReason Reason)
{
    /// <summary>The least that the call would have needed. The figures come with <see cref="LedgerRefusalReason.InsufficientBalance"/>.</summary>
    public NanoUsd Required { get; init; }
    public NanoUsd Balance { get; init; }
    public NanoUsd Held { get; init; }
    public NanoUsd Overdraft { get; init; }
    public NanoUsd Available => Balance - Held + Overdraft;

    /// <summary>With <see cref="LedgerRefusalReason.LimitReached"/>.</summary>
    public ReachedLimit? Limit { get; init; }

    /// <summary>Of an extension: the largest output bound that would have been granted, when it is larger than what is held.</summary>
    public long PossibleOutputTokens { get; init; }

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
