using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>What a key may use; null or left out is not limited, 0 allows nothing.</summary>
internal sealed record LimitsBody
{
    public long? TotalTokens { get; init; }

    public long? DailyTokens { get; init; }

    public long? MonthlyTokens { get; init; }

    public UsdAmount? TotalUsd { get; init; }

    public UsdAmount? DailyUsd { get; init; }

    public UsdAmount? MonthlyUsd { get; init; }

    public long? RequestsPerMinute { get; init; }

    public long? RequestsPerHour { get; init; }

    public long? TokensPerMinute { get; init; }

    public long? Parallel { get; init; }

    public static LimitsBody From(Protos.Keys.V1.Limits? limits) => limits is null ? new() : new()
    {
        TotalTokens = limits.HasTotalTokens ? limits.TotalTokens : null,
        DailyTokens = limits.HasDailyTokens ? limits.DailyTokens : null,
        MonthlyTokens = limits.HasMonthlyTokens ? limits.MonthlyTokens : null,
        TotalUsd = limits.HasTotalNanoUsd ? new(limits.TotalNanoUsd) : null,
        DailyUsd = limits.HasDailyNanoUsd ? new(limits.DailyNanoUsd) : null,
        MonthlyUsd = limits.HasMonthlyNanoUsd ? new(limits.MonthlyNanoUsd) : null,
        RequestsPerMinute = limits.HasRequestsPerMinute ? limits.RequestsPerMinute : null,
        RequestsPerHour = limits.HasRequestsPerHour ? limits.RequestsPerHour : null,
        TokensPerMinute = limits.HasTokensPerMinute ? limits.TokensPerMinute : null,
        Parallel = limits.HasParallel ? limits.Parallel : null,
    };

    public Protos.Keys.V1.Limits ToProto()
    {
        var limits = new Protos.Keys.V1.Limits();
        Set(TotalTokens, value => limits.TotalTokens = value);
        Set(DailyTokens, value => limits.DailyTokens = value);
        Set(MonthlyTokens, value => limits.MonthlyTokens = value);
        Set(TotalUsd?.NanoUsd, value => limits.TotalNanoUsd = value);
        Set(DailyUsd?.NanoUsd, value => limits.DailyNanoUsd = value);
        Set(MonthlyUsd?.NanoUsd, value => limits.MonthlyNanoUsd = value);
        Set(RequestsPerMinute, value => limits.RequestsPerMinute = value);
        Set(RequestsPerHour, value => limits.RequestsPerHour = value);
        Set(TokensPerMinute, value => limits.TokensPerMinute = value);
        Set(Parallel, value => limits.Parallel = value);
        return limits;
    }

    private static void Set(long? value, Action<long> set)
    {
        if (value is { } known)
        {
            set(known);
        }
    }
}
