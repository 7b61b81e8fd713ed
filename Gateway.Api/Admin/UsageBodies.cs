using System.Globalization;
using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>What settled calls used and cost together.</summary>
/// <param name="Cost">The customers' price, after refunds and reratings.</param>
/// <param name="WrittenOff">The part of it that no balance covered.</param>
/// <param name="ProviderCost">For administrators; else null, and left out.</param>
internal sealed record UsageSumsBody(
    long Requests, long InputTokens, long CachedInputTokens, long CacheWriteTokens, long OutputTokens, long ReasoningTokens, UsdAmount Cost,
    UsdAmount WrittenOff, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UsdAmount? ProviderCost)
{
    public static UsageSumsBody From(UsageSums sums, bool withInternals) => new(
        sums.Requests, sums.InputTokens, sums.CachedInputTokens, sums.CacheWriteTokens, sums.OutputTokens, sums.ReasoningTokens,
        new(sums.CostNanoUsd), new(sums.WrittenOffNanoUsd), withInternals ? new(sums.ProviderCostNanoUsd) : null);
}

/// <summary>An account's money, and what all its keys used.</summary>
/// <param name="Available">The balance, less what is held, and the overdraft.</param>
internal sealed record AccountUsageBody(
    string Object, string AccountId, SignedUsdAmount Balance, UsdAmount Held, UsdAmount Overdraft, UsdAmount Available, UsageSumsBody Day,
    UsageSumsBody Month, UsageSumsBody Total)
{
    public static AccountUsageBody From(string accountId, GetBalanceReply money, AccountUsage usage, bool withInternals) => new(
        "usage",
        accountId,
        new(money.BalanceNanoUsd),
        new(money.HeldNanoUsd),
        new(money.OverdraftNanoUsd),
        new(money.BalanceNanoUsd - money.HeldNanoUsd + money.OverdraftNanoUsd),
        UsageSumsBody.From(usage.Day, withInternals),
        UsageSumsBody.From(usage.Month, withInternals),
        UsageSumsBody.From(usage.Total, withInternals));
}

/// <summary>One group of a report; what it is not grouped by is null.</summary>
internal sealed record SpendBody(string Object, string? Day, string? AccountId, string? KeyId, string? Model, UsageSumsBody Usage)
{
    public static SpendBody From(SpendRow row, bool withInternals) => new(
        "spend",
        row.HasDay ? row.Day : null,
        row.HasAccountId ? row.AccountId : null,
        row.HasKeyId ? row.KeyId : null,
        row.HasModel ? row.Model : null,
        UsageSumsBody.From(row.Sums, withInternals));
}

/// <summary>Of everybody.</summary>
/// <param name="Balance">In USD, of all accounts that have called; Held likewise.</param>
internal sealed record MoneyStats(UsageSumsBody Day, UsageSumsBody Month, decimal Balance, decimal Held)
{
    public static MoneyStats From(Totals totals, bool withInternals) => new(
        UsageSumsBody.From(totals.Day, withInternals),
        UsageSumsBody.From(totals.Month, withInternals),
        decimal.Parse(totals.BalanceUsd, CultureInfo.InvariantCulture),
        decimal.Parse(totals.HeldUsd, CultureInfo.InvariantCulture));
}
