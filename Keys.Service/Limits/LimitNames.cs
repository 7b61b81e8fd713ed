using System.Collections.Frozen;
using System.Globalization;
using LlmGateway.Keys.Management;

namespace LlmGateway.Keys.Limits;

/// <summary>Limits that a request names, by the names that a rejection has.</summary>
internal static class LimitNames
{
    private static readonly FrozenDictionary<string, (Func<KeyLimits, long?> Of, Func<KeyLimits, KeyLimits> Without)> All =
        new Dictionary<string, (Func<KeyLimits, long?>, Func<KeyLimits, KeyLimits>)>
        {
            ["total_tokens"] = (limits => limits.TotalTokens, limits => limits with { TotalTokens = null }),
            ["daily_tokens"] = (limits => limits.DailyTokens, limits => limits with { DailyTokens = null }),
            ["monthly_tokens"] = (limits => limits.MonthlyTokens, limits => limits with { MonthlyTokens = null }),
            ["total_usd"] = (limits => limits.TotalNanoUsd, limits => limits with { TotalNanoUsd = null }),
            ["daily_usd"] = (limits => limits.DailyNanoUsd, limits => limits with { DailyNanoUsd = null }),
            ["monthly_usd"] = (limits => limits.MonthlyNanoUsd, limits => limits with { MonthlyNanoUsd = null }),
            ["requests_per_minute"] = (limits => limits.RequestsPerMinute, limits => limits with { RequestsPerMinute = null }),
            ["requests_per_hour"] = (limits => limits.RequestsPerHour, limits => limits with { RequestsPerHour = null }),
            ["tokens_per_minute"] = (limits => limits.TokensPerMinute, limits => limits with { TokensPerMinute = null }),
            ["parallel"] = (limits => limits.Parallel, limits => limits with { Parallel = null }),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="fields">Of the request.</param>
    /// <param name="names">To be taken away.</param>
    /// <param name="set">What the request sets besides.</param>
    public static Fields Removed(this Fields fields, IList<string> names, KeyLimits set)
    {
        fields.Must(names.Count <= All.Count, "removed", $"must be {All.Count} names at most.");
        for (var index = 0; index < names.Count && fields.Problem is null; index++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"removed[{index}]");
            var isName = All.TryGetValue(names[index], out var limit);
            fields.Must(isName, field, $"must be one of {string.Join(", ", All.Keys.Order(StringComparer.Ordinal))}.")
                .Must(!isName || limit.Of(set) is null, field, "is among the limits that are set.");
        }

        return fields;
    }

    /// <param name="limits">A key's own.</param>
    /// <param name="names">Checked.</param>
    public static KeyLimits Without(this KeyLimits limits, IEnumerable<string> names) =>
        names.Aggregate(limits, (rest, name) => All[name].Without(rest));
}
