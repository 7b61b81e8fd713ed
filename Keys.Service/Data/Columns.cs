using System.Text.Json;
using LlmGateway.Keys.Limits;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace LlmGateway.Keys.Data;

/// <summary>Columns that several tables have.</summary>
internal static class Columns
{
    public static void IsEnumName<TEnum>(this PropertyBuilder<TEnum> property)
        where TEnum : struct, Enum =>
        property.HasConversion(value => value.ToString().ToLowerInvariant(), text => Enum.Parse<TEnum>(text, ignoreCase: true));

    public static void IsLabels(this PropertyBuilder<Dictionary<string, string>> property) => property
        .HasColumnName("labels")
        .HasColumnType("jsonb")
        .HasConversion(
            labels => JsonSerializer.Serialize(labels, JsonSerializerOptions.Default),
            json => JsonSerializer.Deserialize<Dictionary<string, string>>(json, JsonSerializerOptions.Default)!,
            new ValueComparer<Dictionary<string, string>>(
                (left, right) => left!.Count == right!.Count && !left.Except(right).Any(),
                labels => labels.Count,
                labels => new Dictionary<string, string>(labels)));

    public static void AreLimits(this ComplexPropertyBuilder<KeyLimits> limits)
    {
        limits.Property(l => l.TotalTokens).HasColumnName("limit_total_tokens");
        limits.Property(l => l.DailyTokens).HasColumnName("limit_daily_tokens");
        limits.Property(l => l.MonthlyTokens).HasColumnName("limit_monthly_tokens");
        limits.Property(l => l.TotalNanoUsd).HasColumnName("limit_total_nano_usd");
        limits.Property(l => l.DailyNanoUsd).HasColumnName("limit_daily_nano_usd");
        limits.Property(l => l.MonthlyNanoUsd).HasColumnName("limit_monthly_nano_usd");
        limits.Property(l => l.RequestsPerMinute).HasColumnName("limit_requests_per_minute");
        limits.Property(l => l.RequestsPerHour).HasColumnName("limit_requests_per_hour");
        limits.Property(l => l.TokensPerMinute).HasColumnName("limit_tokens_per_minute");
        limits.Property(l => l.Parallel).HasColumnName("limit_parallel");
    }
}
