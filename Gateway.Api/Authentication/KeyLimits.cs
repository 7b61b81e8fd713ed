namespace LlmGateway.Gateway.Authentication;

/// <summary>What holds for a key now, wherever it comes from. Null is not limited, 0 allows nothing. Money is in billionths of a US dollar.</summary>
internal sealed record KeyLimits
{
    public static KeyLimits None { get; } = new();

    public long? TotalTokens { get; init; }

    public long? DailyTokens { get; init; }

    public long? MonthlyTokens { get; init; }

    public long? TotalNanoUsd { get; init; }

    public long? DailyNanoUsd { get; init; }

    public long? MonthlyNanoUsd { get; init; }

    public long? RequestsPerMinute { get; init; }

    public long? RequestsPerHour { get; init; }

    public long? TokensPerMinute { get; init; }

    /// <summary>Calls running at the same time.</summary>
    public long? Parallel { get; init; }

    /// <summary>The limits in tokens and money, which are decided with a call's hold; null without any. Rates are the gateway's own.</summary>
    public Protos.Keys.V1.Limits? ToQuotas()
    {
        if ((TotalTokens ?? DailyTokens ?? MonthlyTokens ?? TotalNanoUsd ?? DailyNanoUsd ?? MonthlyNanoUsd) is null)
        {
            return null;
        }

        var quotas = new Protos.Keys.V1.Limits();
        Set(TotalTokens, value => quotas.TotalTokens = value);
        Set(DailyTokens, value => quotas.DailyTokens = value);
        Set(MonthlyTokens, value => quotas.MonthlyTokens = value);
        Set(TotalNanoUsd, value => quotas.TotalNanoUsd = value);
        Set(DailyNanoUsd, value => quotas.DailyNanoUsd = value);
        Set(MonthlyNanoUsd, value => quotas.MonthlyNanoUsd = value);
        return quotas;
    }

    public static KeyLimits From(Protos.Keys.V1.Limits? limits) => limits is null ? None : new()
    {
        TotalTokens = limits.HasTotalTokens ? limits.TotalTokens : null,
        DailyTokens = limits.HasDailyTokens ? limits.DailyTokens : null,
        MonthlyTokens = limits.HasMonthlyTokens ? limits.MonthlyTokens : null,
        TotalNanoUsd = limits.HasTotalNanoUsd ? limits.TotalNanoUsd : null,
        DailyNanoUsd = limits.HasDailyNanoUsd ? limits.DailyNanoUsd : null,
        MonthlyNanoUsd = limits.HasMonthlyNanoUsd ? limits.MonthlyNanoUsd : null,
        RequestsPerMinute = limits.HasRequestsPerMinute ? limits.RequestsPerMinute : null,
        RequestsPerHour = limits.HasRequestsPerHour ? limits.RequestsPerHour : null,
        TokensPerMinute = limits.HasTokensPerMinute ? limits.TokensPerMinute : null,
        Parallel = limits.HasParallel ? limits.Parallel : null,
    };

    private static void Set(long? value, Action<long> set)
    {
        if (value is { } known)
        {
            set(known);
        }
    }
}
