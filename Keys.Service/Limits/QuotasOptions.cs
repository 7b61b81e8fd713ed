using System.ComponentModel.DataAnnotations;

namespace LlmGateway.Keys.Limits;

/// <summary>Section <c>Quotas</c>: tokens that a key may use where neither it nor its tariff says. Unset is unlimited, 0 allows nothing.</summary>
internal sealed class QuotasOptions
{
    /// <summary>Per UTC day (API_DAILY_LIMIT).</summary>
    [Range(0, KeyLimits.MaxTokens)]
    public long? DailyTokens { get; set; }

    /// <summary>Per UTC month (API_MONTHLY_LIMIT).</summary>
    [Range(0, KeyLimits.MaxTokens)]
    public long? MonthlyTokens { get; set; }

    /// <summary>Over the key's whole life (DEFAULT_MAX_TOKENS).</summary>
    [Range(0, KeyLimits.MaxTokens)]
    public long? LifetimeTokens { get; set; }

    public KeyLimits ToLimits() => new() { DailyTokens = DailyTokens, MonthlyTokens = MonthlyTokens, TotalTokens = LifetimeTokens };
}

internal static class LimitsRegistration
{
    public static void AddLimits(this IHostApplicationBuilder builder) =>
        builder.Services.AddOptions<QuotasOptions>().BindConfiguration("Quotas").ValidateDataAnnotations().ValidateOnStart();
}
