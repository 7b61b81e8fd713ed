using System.Globalization;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Limits;

/// <summary>What a client is told by a limit that refuses: which one, how far it is used, and when to come back.</summary>
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
        var needed = rule.Unit == RateUnit.Tokens ? string.Create(CultureInfo.InvariantCulture, $", needed {charge.Least}") : "";
        var message = string.Create(
            CultureInfo.InvariantCulture, $"Rate limit reached for {LimitNames.Words(rule)}: limit {rule.Limit}, used {used}{needed}. {Advice(rule, wait)}");
        return new(429, Type, Code, message)
        {
            RetryAfter = wait,
            ShouldRetry = isNever ? false : null,
            Metadata = new()
            {
                Scope = LimitNames.ScopeOf(rule),
                Unit = LimitNames.UnitOf(rule),
                WindowSeconds = rule.WindowMs == 0 ? null : rule.WindowMs / 1000,
                Limit = rule.Limit,
                Used = used,
                ResetsAt = resetsAt?.UtcDateTime,
            },
        };
    }

    private static string Advice(LimitRule rule, TimeSpan? wait) => wait switch
    {
        null => "The request is larger than the limit.",
        _ when rule.WindowMs == 0 => "Try again when a call has ended.",
        { } span => string.Create(CultureInfo.InvariantCulture, $"Try again in {span.TotalSeconds:0.###} s."),
    };
}
