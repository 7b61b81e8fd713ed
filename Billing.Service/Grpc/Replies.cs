using Google.Protobuf.WellKnownTypes;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Quotas;
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
                Estimate = !hold.Bounded,
                PriceBook = hold.PricedBy?.Book ?? 0,
                PricedAt = hold.PricedBy is { } priced ? Timestamp.FromDateTimeOffset(priced.At) : null,
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

    public static ChargeCacheHitReply ToReply(this Answer<ChargedHit> answer) => answer.Value is { } hit
        ? new() { Hit = new() { CostNanoUsd = hit.Cost.Value } }
        : new() { Refusal = answer.Refusal!.ToMessage() };

    public static Refusal ToMessage(this LedgerRefusal refusal) => new()
    {
        Reason = refusal.Reason switch
        {
            LedgerRefusalReason.InsufficientBalance => RefusalReason.InsufficientBalance,
            LedgerRefusalReason.LimitReached => Reason(refusal.Limit!.Window),
            LedgerRefusalReason.PriceUnknown => RefusalReason.PriceUnknown,
            LedgerRefusalReason.UnknownHold => RefusalReason.UnknownHold,
            LedgerRefusalReason.ClosedHold => RefusalReason.ClosedHold,
            LedgerRefusalReason.UnknownSource => RefusalReason.UnknownSource,
            LedgerRefusalReason.TooDear => throw Fields.Invalid("usage", "costs more than 1,000,000 USD."),
            LedgerRefusalReason.ForeignHold => throw Fields.Invalid("request_id", "belongs to another account."),
            _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Reason, "Not a reason that has a wire form."),
        },
        RequiredNanoUsd = refusal.Required.Value,
        AvailableNanoUsd = refusal.Available.Value,
        BalanceNanoUsd = refusal.Balance.Value,
        HeldNanoUsd = refusal.Held.Value,
        Model = refusal.Model?.ToString() ?? "",
        Limit = refusal.Limit?.ToMessage(),
        PossibleOutputTokens = refusal.PossibleOutputTokens,
    };

    private static RefusalReason Reason(LimitWindow window) => window switch
    {
        LimitWindow.Total => RefusalReason.TotalLimit,
        LimitWindow.Month => RefusalReason.MonthlyLimit,
        LimitWindow.Day => RefusalReason.DailyLimit,
        _ => throw new ArgumentOutOfRangeException(nameof(window), window, "Not a window that has a reason."),
    };

    private static Protos.Billing.V1.ReachedLimit ToMessage(this Quotas.ReachedLimit limit) => new()
    {
        Unit = limit.Unit == Quotas.LimitUnit.Tokens ? Protos.Billing.V1.LimitUnit.Tokens : Protos.Billing.V1.LimitUnit.NanoUsd,
        Limit = limit.Limit,
        Used = limit.Used,
        Held = limit.Held,
        ResetsAt = limit.ResetsAt is { } at ? Timestamp.FromDateTimeOffset(at) : null,
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
