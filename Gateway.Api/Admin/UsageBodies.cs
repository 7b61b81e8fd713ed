using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>What settled calls used and cost together.</summary>
/// <param name="Cost">The customers' price, after refunds and reratings.</param>
/// <param name="WrittenOff">The part of it that no balance covered.</param>
internal sealed record UsageSumsBody(
    long Requests, long InputTokens, long CachedInputTokens, long CacheWriteTokens, long OutputTokens, long ReasoningTokens, UsdAmount Cost,
    UsdAmount WrittenOff, UsdAmount ProviderCost)
{
    public static UsageSumsBody From(UsageSums sums) => new(
        sums.Requests, sums.InputTokens, sums.CachedInputTokens, sums.CacheWriteTokens, sums.OutputTokens, sums.ReasoningTokens,
        new(sums.CostNanoUsd), new(sums.WrittenOffNanoUsd), new(sums.ProviderCostNanoUsd));
}

/// <summary>All keys of an account.</summary>
internal sealed record AccountUsageBody(string Object, string AccountId, UsageSumsBody Day, UsageSumsBody Month, UsageSumsBody Total)
{
    public static AccountUsageBody From(string accountId, AccountUsage usage) => new(
        "usage", accountId, UsageSumsBody.From(usage.Day), UsageSumsBody.From(usage.Month), UsageSumsBody.From(usage.Total));
}

/// <summary>One group of a report; what it is not grouped by is null.</summary>
internal sealed record SpendBody(string Object, string? Day, string? AccountId, string? KeyId, string? Model, UsageSumsBody Usage)
{
    public static SpendBody From(SpendRow row) => new(
        "spend",
        row.HasDay ? row.Day : null,
        row.HasAccountId ? row.AccountId : null,
        row.HasKeyId ? row.KeyId : null,
        row.HasModel ? row.Model : null,
        UsageSumsBody.From(row.Sums));
}

/// <summary>Of everybody.</summary>
/// <param name="Balance">Of all accounts that have called; Held likewise.</param>
internal sealed record MoneyStats(UsageSumsBody Day, UsageSumsBody Month, UsdAmount Balance, UsdAmount Held)
{
    public static MoneyStats From(Totals totals) => new(
        UsageSumsBody.From(totals.Day), UsageSumsBody.From(totals.Month), new(totals.BalanceNanoUsd), new(totals.HeldNanoUsd));
}
