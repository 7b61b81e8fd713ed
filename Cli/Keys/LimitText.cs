using System.Text.Json;
using LlmGateway.Cli.Output;

namespace LlmGateway.Cli.Keys;

/// <summary>Limits in one line: <c>50000 tokens, 1.5 USD/day, 60 requests/min</c>.</summary>
internal static class LimitText
{
    private static readonly (string Member, string Unit)[] Units =
    [
        ("total_tokens", "tokens"), ("daily_tokens", "tokens/day"), ("monthly_tokens", "tokens/month"),
        ("total_usd", "USD"), ("daily_usd", "USD/day"), ("monthly_usd", "USD/month"),
        ("requests_per_minute", "requests/min"), ("requests_per_hour", "requests/h"), ("tokens_per_minute", "tokens/min"), ("parallel", "parallel"),
    ];

    public static string Of(JsonElement limits)
    {
        if (limits.ValueKind != JsonValueKind.Object)
        {
            return Cell.Empty;
        }

        var set = Units.Where(unit => limits.GetProperty(unit.Member).ValueKind == JsonValueKind.Number)
            .Select(unit => $"{limits.GetProperty(unit.Member).GetRawText()} {unit.Unit}");
        return string.Join(", ", set) is { Length: > 0 } text ? text : "none";
    }
}
