namespace LlmGateway.Billing.Spending;

/// <summary>The day and the month of UTC that a moment is in.</summary>
internal readonly record struct UsageWindows(DateOnly Day)
{
    public DateOnly Month => new(Day.Year, Day.Month, 1);

    public DateTimeOffset DayEndsAt => Midnight(Day.AddDays(1));

    public DateTimeOffset MonthEndsAt => Midnight(Month.AddMonths(1));

    public static UsageWindows At(DateTimeOffset moment) => new(DateOnly.FromDateTime(moment.UtcDateTime));

    private static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
