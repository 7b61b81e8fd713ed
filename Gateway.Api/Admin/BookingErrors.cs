using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>What the ledger does not post, as an error with its figures.</summary>
internal static class BookingErrors
{
    public static ApiError Of(BookingRefusal refusal) => refusal.Reason switch
    {
        BookingRefusalReason.KeyReused => Conflict(
            "idempotency_key_reused", "This idempotency key belongs to another booking: another amount, note, account, call or kind.", "idempotency_key"),
        BookingRefusalReason.UnknownCall => NoCall,
        BookingRefusalReason.NotSettled => Conflict("call_not_settled", $"This call was not charged: it is {refusal.State}.", "id"),
        BookingRefusalReason.NothingPaid => WithFigures(
            Conflict("nothing_to_refund", "Nothing was paid for this call that has not been given back.", "id"), refusal),
        BookingRefusalReason.ExceedsPaid => WithFigures(
            Conflict("refund_exceeds_payment", "This is more than what was paid for the call and not given back yet.", "amount"), refusal),
        BookingRefusalReason.InsufficientBalance => Insufficient(
            "The account does not have that much available.", "amount", refusal.BalanceNanoUsd, refusal.HeldNanoUsd, refusal.AvailableNanoUsd),
        BookingRefusalReason.BalanceTooLarge => Conflict("balance_too_large", "The balance would be more than 8000000000 USD.", "amount"),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Reason, "Not a refusal that has a wire form."),
    };

    public static ApiError Owing(SetOverdraftReply reply) => Insufficient(
        "The account owes more than this overdraft already, with what its running calls hold.", "overdraft", reply.BalanceNanoUsd, reply.HeldNanoUsd, available: null);

    private static ApiError NoCall { get; } =
        new(StatusCodes.Status404NotFound, ApiErrors.InvalidRequest, "not_found", "There is no call with this id.") { Param = "id" };

    private static ApiError WithFigures(ApiError error, BookingRefusal refusal) => error with
    {
        Metadata = new() { Paid = Usd.FromNano(refusal.PaidNanoUsd), Refunded = Usd.FromNano(refusal.RefundedNanoUsd) },
    };

    private static ApiError Insufficient(string message, string param, long balance, long held, long? available) =>
        Conflict("insufficient_balance", message, param) with
        {
            Metadata = new() { Available = available is { } nano ? Usd.FromNano(nano) : null, Balance = Usd.FromNano(balance), Held = Usd.FromNano(held) },
        };

    private static ApiError Conflict(string code, string message, string param) =>
        new(StatusCodes.Status409Conflict, ApiErrors.InvalidRequest, code, message) { Param = param };
}
