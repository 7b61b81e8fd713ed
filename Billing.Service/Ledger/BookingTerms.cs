using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Ledger;

/// <summary>What an administrator wants to post.</summary>
/// <param name="Kind">top_up, adjustment or refund.</param>
/// <param name="AccountId">Null with a refund: the call says whose it is.</param>
/// <param name="RequestId">The call to refund.</param>
/// <param name="Amount">What the account gains, in nano-dollars; null, with a refund, is all that is left.</param>
/// <param name="Key">Makes it happen once.</param>
/// <param name="Note">Why.</param>
internal sealed record WantedBooking(string Kind, string? AccountId, string? RequestId, long? Amount, string? Key, string? Note, Actor Actor)
{
    /// <summary>Of one booking, in nano-dollars: 1,000,000,000 USD.</summary>
    public const long HighestAmount = 1_000_000_000_000_000_000;

    /// <summary>
    /// That anything may bring a balance to, as the table has it: 8,000,000,000 USD. With the highest overdraft, 1,000,000,000 USD, it still
    /// fits into 64 bits.
    /// </summary>
    public const long HighestBalance = 8_000_000_000_000_000_000;
}

/// <summary>What was posted.</summary>
/// <param name="Repeated">It was posted before, by the same idempotency key.</param>
internal sealed record Booked(
    long PostingId, string Kind, string AccountId, string? RequestId, NanoUsd Amount, NanoUsd BalanceAfter, string? Note, Actor Actor,
    DateTimeOffset At, bool Repeated = false);

/// <summary>Why the ledger does not post it: the whole set.</summary>
internal enum BookingRefusalReason
{
    KeyReused,
    UnknownCall,
    NotSettled,
    NothingPaid,
    ExceedsPaid,
    InsufficientBalance,
    BalanceTooLarge,
}

internal sealed record BookingRefusal(BookingRefusalReason Reason)
{
    /// <summary>The account's, with <see cref="BookingRefusalReason.InsufficientBalance"/>.</summary>
    public NanoUsd Balance { get; init; }
    public NanoUsd Held { get; init; }
    public NanoUsd Available { get; init; }

    /// <summary>The customer for the call, and what of it was given back already.</summary>
    public NanoUsd Paid { get; init; }
    public NanoUsd Refunded { get; init; }

    /// <summary>The hold's, with <see cref="BookingRefusalReason.NotSettled"/>.</summary>
    public string? State { get; init; }
}
