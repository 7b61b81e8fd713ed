using System.Globalization;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Limits;

/// <summary>What a client is told by a limit that refuses: which one, how far it is used, and when to come back. Of the whole gateway's it is not told the figures.</summary>
internal static class LimitRefusal
{
    public const string Type = "rate_limit_error";
    public const string Code = "rate_limit_exceeded";

    public static ApiError Of(Charge charge, LimitVerdict verdict, DateTimeOffset now)
    {
        var (rule, used) = (charge.Rule, verdict.States[verdict.Refused].Used);
        var isNever = verdict.RetryMs == LimitVerdict.Never;
        TimeSpan? wait = isNever ? null : TimeSpan.FromMilliseconds(verdict.RetryMs);
        DateTimeOffset? resetsAt = isNever || rule.WindowMs == 0 ? null : now + wait;
        var isOwn = rule.Scope != LimitScope.Global;
        return new(429, Type, Code, $"Rate limit reached for {LimitNames.Words(rule)}{(isOwn ? Figures(charge, used) : "")}. {Advice(rule, wait)}")
        {
            RetryAfter = wait,
            ShouldRetry = isNever ? false : null,
            Metadata = new()
            {
                Scope = LimitNames.ScopeOf(rule),
                Unit = LimitNames.UnitOf(rule),
                WindowSeconds = rule.WindowMs == 0 ? null : rule.WindowMs / 1000,
                Limit = isOwn ? rule.Limit : null,
                Used = isOwn ? used : null,
                ResetsAt = resetsAt?.UtcDateTime,
            },
        };
    }

    private static string Figures(Charge charge, long used)
    {
        var needed = charge.Rule.Unit == RateUnit.Tokens ? string.Create(CultureInfo.InvariantCulture, $", needed {charge.Least}") : "";
        return string.Create(CultureInfo.InvariantCulture, $": limit {charge.Rule.Limit}, used {used}{needed}");
    }

    private static string Advice(LimitRule rule, TimeSpan? wait) => wait switch
    {
        null => "The request is larger than the limit.",
        _ when rule.WindowMs == 0 => "Try again when a call has ended.",
        { } span => string.Create(CultureInfo.InvariantCulture, $"Try again in {span.TotalSeconds:0.###} s."),
    };
}
