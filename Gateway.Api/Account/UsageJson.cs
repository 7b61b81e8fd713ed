using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Limits;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>What a key has used, and what it may.</summary>
/// <param name="ApiKey">Masked.</param>
internal sealed record UsageBody(string ApiKey, UsageBillingBody Billing, UsageTokensBody Tokens, TariffBody Tariff, RateLimitBody RateLimit)
{
    public static UsageBody From(Caller caller, AccountUsage usage, LimitReadings readings) => new(
        caller.MaskedKey,
        new(
            UsageWindowBody.From(usage.Day, caller.Limits.DailyTokens, caller.Limits.DailyNanoUsd, usage.DayEndsAt.ToDateTime()),
            UsageWindowBody.From(usage.Month, caller.Limits.MonthlyTokens, caller.Limits.MonthlyNanoUsd, usage.MonthEndsAt.ToDateTime())),
        UsageTokensBody.From(usage.Total),
        TariffBody.From(caller),
        RateLimitBody.From(readings));
}

internal sealed record UsageBillingBody(UsageWindowBody Daily, UsageWindowBody Monthly);

/// <summary>Tokens of one day or month of UTC. Null is not limited.</summary>
internal sealed record UsageWindowBody(long Used, long? Limit, long? Remaining, DateTime ResetsAt, UsageMoneyBody Usd)
{
    public static UsageWindowBody From(UsageSums sums, long? limit, long? limitNanoUsd, DateTime resetsAt)
    {
        var used = KeyUsage.Tokens(sums);
        return new(used, limit, KeyUsage.Remaining(limit, used), resetsAt, UsageMoneyBody.From(sums.CostNanoUsd, limitNanoUsd));
    }
}

/// <summary>The same window in USD.</summary>
internal sealed record UsageMoneyBody(decimal Used, decimal? Limit, decimal? Remaining)
{
    public static UsageMoneyBody From(long usedNanoUsd, long? limitNanoUsd) => new(
        Usd.FromNano(usedNanoUsd), KeyUsage.ToUsd(limitNanoUsd), KeyUsage.ToUsd(KeyUsage.Remaining(limitNanoUsd, usedNanoUsd)));
}

/// <summary>Over the key's whole life.</summary>
internal sealed record UsageTokensBody(long Prompt, long Completion, long Total, long Requests)
{
    public static UsageTokensBody From(UsageSums sums) =>
        new(KeyUsage.Tokens(sums) - sums.OutputTokens, sums.OutputTokens, KeyUsage.Tokens(sums), sums.Requests);
}

/// <summary>The tightest window of the key's calls.</summary>
/// <param name="Storage">redis or memory.</param>
internal sealed record RateLimitBody(long? Limit, long? WindowSeconds, long? CurrentCount, long? Remaining, string? Storage)
{
    public static RateLimitBody From(LimitReadings readings) => readings.Tightest is { } tightest
        ? new(tightest.Rule.Limit, tightest.Rule.WindowMs / 1000, tightest.Used, tightest.Remaining, readings.Storage)
        : new(null, null, null, null, readings.Storage);
}

/// <param name="ApiKey">Masked.</param>
internal sealed record RateLimitAnswer(string ApiKey, long? Limit, long? WindowSeconds, long? CurrentCount, long? Remaining, string? Storage);

internal sealed record LimitsAnswer(string ApiKey, IReadOnlyList<LimitBody> Limits)
{
    // Those that every key may have, whether it has them or not; of all others those that hold.
    private static readonly string[] Rates = ["requests_per_minute", "requests_per_hour", "tokens_per_minute", "parallel"];

    public static LimitsAnswer From(Caller caller, AccountUsage usage, LimitReadings readings)
    {
        var (limits, day, month) = (caller.Limits, usage.DayEndsAt.ToDateTime(), usage.MonthEndsAt.ToDateTime());
        return new(
            caller.MaskedKey,
            [
                LimitBody.OfTokens("total_tokens", limits.TotalTokens, usage.Total, null),
                LimitBody.OfTokens("daily_tokens", limits.DailyTokens, usage.Day, day),
                LimitBody.OfTokens("monthly_tokens", limits.MonthlyTokens, usage.Month, month),
                LimitBody.OfMoney("total_usd", limits.TotalNanoUsd, usage.Total, null),
                LimitBody.OfMoney("daily_usd", limits.DailyNanoUsd, usage.Day, day),
                LimitBody.OfMoney("monthly_usd", limits.MonthlyNanoUsd, usage.Month, month),
                .. Rates.Select(name => readings.All.FirstOrDefault(reading => LimitNames.Of(reading.Rule) == name) is { } reading
                    ? LimitBody.OfRate(name, reading)
                    : new(name, null, null, null, null)),
                .. readings.All.Where(reading => reading.Rule.Scope != LimitScope.Global && !Rates.Contains(LimitNames.Of(reading.Rule)))
                    .Select(reading => LimitBody.OfRate(LimitNames.Of(reading.Rule), reading)),
            ]);
    }
}

/// <param name="Limit">Tokens, USD, requests or calls; null is not limited.</param>
/// <param name="Used">Null of rates that are not limited.</param>
/// <param name="ResetsAt">Null for what is never reset.</param>
internal sealed record LimitBody(string Name, decimal? Limit, decimal? Used, decimal? Remaining, DateTime? ResetsAt)
{
    public static LimitBody OfTokens(string name, long? limit, UsageSums sums, DateTime? resetsAt)
    {
        var used = KeyUsage.Tokens(sums);
        return new(name, limit, used, KeyUsage.Remaining(limit, used), resetsAt);
    }

    public static LimitBody OfMoney(string name, long? limitNanoUsd, UsageSums sums, DateTime? resetsAt)
    {
        var money = UsageMoneyBody.From(sums.CostNanoUsd, limitNanoUsd);
        return new(name, money.Limit, money.Used, money.Remaining, resetsAt);
    }

    public static LimitBody OfRate(string name, LimitReading reading) =>
        new(name, reading.Rule.Limit, reading.Used, reading.Remaining, reading.ResetsAt?.UtcDateTime);
}

internal sealed record TariffAnswer(TariffBody Tariff, TariffUsageBody Usage)
{
    public static TariffAnswer From(Caller caller, AccountUsage usage) =>
        new(TariffBody.From(caller), TariffUsageBody.From(caller.Limits.TotalTokens, KeyUsage.Tokens(usage.Total)));
}

/// <param name="MaxTokens">Over the key's whole life; null is not limited.</param>
internal sealed record TariffBody(long? MaxTokens, string Name, string Description, string ApiKey)
{
    public static TariffBody From(Caller caller) => caller.Tariff is { Name.Length: > 0 } tariff
        ? new(caller.Limits.TotalTokens, tariff.Name, tariff.Description, caller.MaskedKey)
        : new(caller.Limits.TotalTokens, "default", "The configured defaults.", caller.MaskedKey);
}

/// <param name="UsagePercentage">0 to 100, to the hundredth.</param>
internal sealed record TariffUsageBody(long UsedTokens, long? RemainingTokens, decimal? UsagePercentage)
{
    public static TariffUsageBody From(long? limit, long used) => new(used, KeyUsage.Remaining(limit, used), limit switch
    {
        null => null,
        { } most when used >= most => 100,
        { } most => decimal.Round(100m * used / most, 2, MidpointRounding.ToZero),
    });
}

internal static class KeyUsage
{
    /// <summary>As limits count them: input of every kind, and output with reasoning.</summary>
    public static long Tokens(UsageSums sums) => sums.InputTokens + sums.CachedInputTokens + sums.CacheWriteTokens + sums.OutputTokens;

    /// <summary>Never below 0: a call may use more than was left, and a limit may be lowered.</summary>
    public static long? Remaining(long? limit, long used) => limit is { } most ? Math.Max(most - used, 0) : null;

    public static decimal? ToUsd(long? nanoUsd) => nanoUsd is { } nano ? Usd.FromNano(nano) : null;
}

[JsonSerializable(typeof(UsageBody))]
[JsonSerializable(typeof(LimitsAnswer))]
[JsonSerializable(typeof(TariffAnswer))]
[JsonSerializable(typeof(RateLimitAnswer))]
internal sealed partial class UsageJson : JsonSerializerContext
{
    public static UsageJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
