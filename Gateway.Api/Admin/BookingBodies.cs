using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>A top-up, a refund or an adjustment.</summary>
/// <param name="Amount">In USD, what the account gains; of a refund, null is all that is left.</param>
/// <param name="Note">Why.</param>
internal sealed record NewBookingBody(SignedUsdAmount? Amount, string? Note, string? IdempotencyKey)
{
    // What Billing takes, in nano-dollars.
    private const long Highest = 1_000_000_000_000_000_000;

    public ApiError? TopUpFault() => Amount is null ? ApiErrors.Missing("amount") : RefundFault();

    public ApiError? RefundFault() => Amount is { NanoUsd: <= 0 or > Highest } ? ApiErrors.Invalid("amount", "more than 0 and at most 1000000000") : NoteFault(Note);

    public ApiError? AdjustmentFault() =>
        Amount is null ? ApiErrors.Missing("amount")
        : Amount is { NanoUsd: 0 or < -Highest or > Highest } ? ApiErrors.Invalid("amount", "between -1000000000 and 1000000000, and not 0")
        : string.IsNullOrWhiteSpace(Note) ? ApiErrors.Missing("note")
        : NoteFault(Note);

    /// <summary>Length and characters are Billing's to judge.</summary>
    public static ApiError? NoteFault(string? note) =>
        note is not null && SecretShape.IsSure(note) ? ApiErrors.Invalid("note", "a text without an API key in it") : null;

    public BookingTerms ToTerms(Actor actor, string key) => new() { Actor = actor, IdempotencyKey = key, Note = Note ?? "" };
}

/// <summary>One posting of an administrator's.</summary>
/// <param name="RequestId">The call that was refunded.</param>
/// <param name="BalanceAfter">Of the account, right after it.</param>
internal sealed record BookingBody(
    string Object,
    string Id,
    string Kind,
    string AccountId,
    string? RequestId,
    SignedUsdAmount Amount,
    SignedUsdAmount BalanceAfter,
    string? Note,
    ActorBody? Actor,
    DateTime? CreatedAt)
{
    public static BookingBody From(Booking booking) => new(
        "booking",
        booking.Id,
        booking.Kind,
        booking.AccountId,
        booking.RequestId.Length > 0 ? booking.RequestId : null,
        new(booking.AmountNanoUsd),
        new(booking.BalanceAfterNanoUsd),
        booking.Note.Length > 0 ? booking.Note : null,
        ActorBody.From(booking.Actor),
        TimeField.ToJson(booking.CreatedAt));
}

/// <param name="Overdraft">In USD; 0 allows none.</param>
internal sealed record NewOverdraftBody(UsdAmount? Overdraft, string? Note)
{
    // What Billing takes, in nano-dollars.
    private const long Highest = 1_000_000_000_000_000_000;

    public ApiError? Fault() =>
        Overdraft is null ? ApiErrors.Missing("overdraft")
        : Overdraft is { NanoUsd: > Highest } ? ApiErrors.Invalid("overdraft", "at most 1000000000")
        : NewBookingBody.NoteFault(Note);
}

/// <param name="Available">The balance, less what is held, and the overdraft.</param>
internal sealed record OverdraftBody(
    string Object, string AccountId, SignedUsdAmount Overdraft, SignedUsdAmount Balance, SignedUsdAmount Held, SignedUsdAmount Available)
{
    public static OverdraftBody From(SetOverdraftReply reply) => new(
        "overdraft",
        reply.AccountId,
        new(reply.OverdraftNanoUsd),
        new(reply.BalanceNanoUsd),
        new(reply.HeldNanoUsd),
        new(reply.BalanceNanoUsd - reply.HeldNanoUsd + reply.OverdraftNanoUsd));
}
