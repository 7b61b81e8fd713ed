using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using LedgerReason = LlmGateway.Protos.Billing.V1.RefusalReason;

namespace LlmGateway.Routing.Calls;

/// <summary>Billing's refusals for want of money or tokens, as the client is told of them.</summary>
internal static class MoneyRefusals
{
    public static bool IsOfMoney(this Refusal refusal) => refusal.Reason
        is LedgerReason.InsufficientBalance or LedgerReason.TotalLimit or LedgerReason.MonthlyLimit or LedgerReason.DailyLimit;

    /// <param name="refusal">One <see cref="IsOfMoney"/>.</param>
    /// <param name="what">What is refused: "this call".</param>
    /// <param name="time">Says how long it is until the limit's next window.</param>
    public static CallFault ToFault(this Refusal refusal, string what, TimeProvider time) => refusal.Reason switch
    {
        LedgerReason.InsufficientBalance => new(CallFailure.InsufficientBalance, $"The balance does not cover {what}.")
        {
            Balance = new BalanceFigures
            {
                RequiredNanoUsd = refusal.RequiredNanoUsd,
                AvailableNanoUsd = refusal.AvailableNanoUsd,
                BalanceNanoUsd = refusal.BalanceNanoUsd,
                HeldNanoUsd = refusal.HeldNanoUsd,
            },
        },
        LedgerReason.TotalLimit => AtLimit(CallFailure.TotalLimit, $"What this API key may use in all does not cover {what}.", refusal, time),
        LedgerReason.MonthlyLimit => AtLimit(CallFailure.MonthlyLimit, $"This API key's monthly limit does not cover {what}.", refusal, time),
        LedgerReason.DailyLimit => AtLimit(CallFailure.DailyLimit, $"This API key's daily limit does not cover {what}.", refusal, time),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal.Reason, "Not a refusal for want of money or tokens."),
    };

    private static CallFault AtLimit(CallFailure failure, string message, Refusal refusal, TimeProvider time)
    {
        var limit = refusal.Limit;
        var wait = limit.ResetsAt is null ? TimeSpan.Zero : limit.ResetsAt.ToDateTimeOffset() - time.GetUtcNow();
        return new CallFault(failure, message)
        {
            RetryAfter = wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
            Limit = new LimitFigures
            {
                InNanoUsd = limit.Unit == LimitUnit.NanoUsd,
                Limit = limit.Limit,
                Used = limit.Used,
                Held = limit.Held,
                ResetsAt = limit.ResetsAt,
                RequiredNanoUsd = limit.Unit == LimitUnit.NanoUsd ? refusal.RequiredNanoUsd : 0,
            },
        };
    }
}
