using Google.Protobuf.WellKnownTypes;
using LlmGateway.Billing.Ledger;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>The ledger's answers to messages.</summary>
internal static class Replies
{
    public static HoldReply ToReply(this Answer<GrantedHold> answer) => answer.Value is { } hold
        ? new()
        {
            Hold = new()
            {
                AmountNanoUsd = hold.Amount.Value,
                OutputTokens = hold.OutputTokens,
                ExpiresAt = Timestamp.FromDateTimeOffset(hold.ExpiresAt),
            },
        }
        : new() { Refusal = answer.Refusal!.ToMessage() };

    public static SettleReply ToReply(this Answer<SettledCall> answer) => answer.Value is { } settled
        ? new()
        {
            Settlement = new()
            {
                CostNanoUsd = settled.Cost.Value,
                ProviderCostNanoUsd = settled.ProviderCost.Value,
                BalanceNanoUsd = settled.Balance.Value,
                WrittenOffNanoUsd = settled.WrittenOff.Value,
            },
        }
        : new() { Refusal = answer.Refusal!.ToMessage() };

    public static Refusal ToMessage(this LedgerRefusal refusal) => new()
    {
        Reason = refusal.Reason switch
        {
            LedgerRefusalReason.InsufficientBalance => RefusalReason.InsufficientBalance,
            LedgerRefusalReason.PriceUnknown => RefusalReason.PriceUnknown,
            LedgerRefusalReason.UnknownHold => RefusalReason.UnknownHold,
            LedgerRefusalReason.ClosedHold => RefusalReason.ClosedHold,
            LedgerRefusalReason.ForeignHold => throw Fields.Invalid("request_id", "belongs to another account."),
            _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Reason, "Not a reason that has a wire form."),
        },
        RequiredNanoUsd = refusal.Required.Value,
        AvailableNanoUsd = refusal.Available.Value,
        BalanceNanoUsd = refusal.Balance.Value,
        HeldNanoUsd = refusal.Held.Value,
        Model = refusal.Model?.ToString() ?? "",
    };

    public static Transaction ToMessage(this AccountTransaction transaction) => new()
    {
        Id = $"txn_{transaction.Posting.Id}",
        AmountNanoUsd = transaction.Amount,
        Description = transaction.Description,
        Timestamp = Timestamp.FromDateTimeOffset(transaction.Posting.CreatedAt),
        Kind = transaction.Posting.Kind,
        RequestId = transaction.Posting.RequestId ?? "",
        Model = transaction.Posting.Model ?? "",
        BalanceAfterNanoUsd = transaction.Posting.BalanceAfter,
    };
}
