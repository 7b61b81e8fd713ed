namespace LlmGateway.Keys.Limits;

/// <summary>What a key may use; null is not limited here, 0 allows nothing. Money in billionths of a US dollar, days and months of UTC.</summary>
internal sealed record KeyLimits
{
    /// <summary>Exact in a double too, as which JSON and Lua read it.</summary>
    public const long MaxTokens = 1_000_000_000_000_000;

    /// <summary>A thousand million dollars, which leaves room for sums of nine of them.</summary>
    public const long MaxNanoUsd = 1_000_000_000_000_000_000;

    public const long MaxCount = 1_000_000_000;

    public static readonly KeyLimits None = new();

    public long? TotalTokens { get; init; }

    public long? DailyTokens { get; init; }

    public long? MonthlyTokens { get; init; }

    public long? TotalNanoUsd { get; init; }

    public long? DailyNanoUsd { get; init; }

    public long? MonthlyNanoUsd { get; init; }

    public long? RequestsPerMinute { get; init; }

    public long? RequestsPerHour { get; init; }

    public long? TokensPerMinute { get; init; }

    public long? Parallel { get; init; }

    /// <summary>Each limit of these, and where there is none, that of the others.</summary>
    public KeyLimits Or(KeyLimits others) => new()
    {
        TotalTokens = TotalTokens ?? others.TotalTokens,
        DailyTokens = DailyTokens ?? others.DailyTokens,
        MonthlyTokens = MonthlyTokens ?? others.MonthlyTokens,
        TotalNanoUsd = TotalNanoUsd ?? others.TotalNanoUsd,
        DailyNanoUsd = DailyNanoUsd ?? others.DailyNanoUsd,
        MonthlyNanoUsd = MonthlyNanoUsd ?? others.MonthlyNanoUsd,
        RequestsPerMinute = RequestsPerMinute ?? others.RequestsPerMinute,
        RequestsPerHour = RequestsPerHour ?? others.RequestsPerHour,
        TokensPerMinute = TokensPerMinute ?? others.TokensPerMinute,
        Parallel = Parallel ?? others.Parallel,
    };

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

    public Protos.Keys.V1.Limits ToProto()
    {
        var limits = new Protos.Keys.V1.Limits();
        Set(TotalTokens, value => limits.TotalTokens = value);
        Set(DailyTokens, value => limits.DailyTokens = value);
        Set(MonthlyTokens, value => limits.MonthlyTokens = value);
        Set(TotalNanoUsd, value => limits.TotalNanoUsd = value);
        Set(DailyNanoUsd, value => limits.DailyNanoUsd = value);
        Set(MonthlyNanoUsd, value => limits.MonthlyNanoUsd = value);
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
