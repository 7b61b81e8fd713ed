using System.Globalization;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Quotas;

/// <summary>What a key may use, in all and by UTC day and month. Null is not limited, 0 allows nothing.</summary>
internal sealed record KeyLimits
{
    public const long MostTokens = 1_000_000_000_000_000;

    /// <summary>A thousand million dollars: a window's sums stay far from what 64 bits hold.</summary>
    public static readonly NanoUsd MostCost = new(1_000_000_000_000_000_000);

    public long? TotalTokens { get; init; }

    public long? DailyTokens { get; init; }

    public long? MonthlyTokens { get; init; }

    public NanoUsd? TotalCost { get; init; }

    public NanoUsd? DailyCost { get; init; }

    public NanoUsd? MonthlyCost { get; init; }

    public bool IsNone => this == new KeyLimits();

    /// <summary>The longest window whose limit does not leave room for these, or null.</summary>
    /// <param name="windows">As the ledger decided on them.</param>
    /// <param name="tokens">What is wanted.</param>
    /// <param name="cost">Likewise.</param>
    /// <param name="at">The moment whose windows they are.</param>
    public ReachedLimit? Reached(KeyWindows windows, long tokens, NanoUsd cost, DateTimeOffset at) =>
        Reached(LimitWindow.Total, windows.Total, TotalTokens, tokens, TotalCost, cost, at)
        ?? Reached(LimitWindow.Month, windows.Month, MonthlyTokens, tokens, MonthlyCost, cost, at)
        ?? Reached(LimitWindow.Day, windows.Day, DailyTokens, tokens, DailyCost, cost, at);

    /// <summary>The tokens that every window still has, or null without a limit of them.</summary>
    public long? TokensLeft(KeyWindows windows) => Least(
        TotalTokens - windows.Total.Tokens, DailyTokens - windows.Day.Tokens, MonthlyTokens - windows.Month.Tokens);

    /// <summary>The money that every window still has, or null without a limit of it.</summary>
    public NanoUsd? CostLeft(KeyWindows windows) => Least(
            TotalCost?.Value - windows.Total.Cost, DailyCost?.Value - windows.Day.Cost, MonthlyCost?.Value - windows.Month.Cost)
        is { } left ? new(left) : null;

    /// <summary>The form in which holds keep them: <c>{50000,null,null,null,1000000000,null}</c></summary>
    public string ToArrayText() => string.Create(CultureInfo.InvariantCulture,
        $"{{{Text(TotalTokens)},{Text(DailyTokens)},{Text(MonthlyTokens)},{Text(TotalCost?.Value)},{Text(DailyCost?.Value)},{Text(MonthlyCost?.Value)}}}");

    /// <summary>What <see cref="FromArray"/> reads.</summary>
    public long?[] ToArray() => [TotalTokens, DailyTokens, MonthlyTokens, TotalCost?.Value, DailyCost?.Value, MonthlyCost?.Value];

    public static KeyLimits? FromArray(long?[]? limits) => limits is null ? null : new()
    {
        TotalTokens = limits[0],
        DailyTokens = limits[1],
        MonthlyTokens = limits[2],
        TotalCost = Cost(limits[3]),
        DailyCost = Cost(limits[4]),
        MonthlyCost = Cost(limits[5]),
    };

    private static ReachedLimit? Reached(
        LimitWindow window, WindowFigures figures, long? tokenLimit, long tokens, NanoUsd? costLimit, NanoUsd cost, DateTimeOffset at)
    {
        if (tokenLimit is { } most && most - figures.Tokens < tokens)
        {
            return new(window, LimitUnit.Tokens, most, figures.UsedTokens, figures.HeldTokens, window.ResetsAt(at));
        }

        return cost > NanoUsd.Zero && costLimit is { Value: var budget } && budget - figures.Cost < cost.Value
            ? new(window, LimitUnit.NanoUsd, budget, figures.UsedCost, figures.HeldCost, window.ResetsAt(at))
            : null;
    }

    private static NanoUsd? Cost(long? value) => value is { } cost ? new(cost) : null;

    private static long? Least(params ReadOnlySpan<long?> values)
    {
        long? least = null;
        foreach (var value in values)
        {
            least = value < least || least is null ? value : least;
        }

        return least;
    }

    private static string Text(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";
}
