using System.Globalization;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Limits;

/// <summary>
/// How the tightest limits of requests and of tokens stand, in the headers that clients know. How busy the whole gateway is concerns no client.
/// </summary>
internal readonly struct LimitHead(Charge[] charges, LimitVerdict verdict, DateTimeOffset now)
{
    public void Write(HttpContext context)
    {
        var (headers, surface) = (context.Response.Headers, ClientSurface.Of(context).LimitHeaders);
        Write(headers, surface.Requests, Tightest(static rule => rule is { Scope: not LimitScope.Global, Unit: RateUnit.Requests or RateUnit.Reads }));
        Write(headers, surface.Tokens, Tightest(static rule => rule is { Scope: not LimitScope.Global, Unit: RateUnit.Tokens }));
    }

    // The one that refuses, else the one with the least left; of two the shorter one, which comes first.
    private int Tightest(Func<LimitRule, bool> isMeant)
    {
        if (!verdict.IsAdmitted && isMeant(charges[verdict.Refused].Rule))
        {
            return verdict.Refused;
        }

        var (tightest, least) = (-1, long.MaxValue);
        for (var index = 0; index < charges.Length; index++)
        {
            if (isMeant(charges[index].Rule) && Remaining(index) < least)
            {
                (tightest, least) = (index, Remaining(index));
            }
        }

        return tightest;
    }

    private long Remaining(int index) => Math.Max(0, charges[index].Rule.Limit - verdict.States[index].Used);

    private void Write(IHeaderDictionary headers, LimitHeaderNames names, int index)
    {
        if (index < 0)
        {
            return;
        }

        var reset = TimeSpan.FromMilliseconds(verdict.States[index].ResetMs);
        headers[names.Limit] = charges[index].Rule.Limit.ToString(CultureInfo.InvariantCulture);
        headers[names.Remaining] = Remaining(index).ToString(CultureInfo.InvariantCulture);
        headers[names.Reset] = names.IsMoment ? Moment(now + reset) : Span(reset);
    }

    /// <summary>RFC 3339, as Anthropic has it.</summary>
    internal static string Moment(DateTimeOffset time) =>
        time.AddMilliseconds(999).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>As OpenAI has it: 1s, 6m0s, 1h0m0s.</summary>
    internal static string Span(TimeSpan span)
    {
        var seconds = (long)Math.Ceiling(span.TotalSeconds);
        return seconds switch
        {
            < 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds}s"),
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m{seconds % 60}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}h{seconds / 60 % 60}m{seconds % 60}s"),
        };
    }
}

/// <param name="IsMoment">The reset is a time of day, and not a span.</param>
internal sealed record LimitHeaderNames(string Limit, string Remaining, string Reset, bool IsMoment)
{
    public static LimitHeaderNames OpenAi(string unit) =>
        new($"x-ratelimit-limit-{unit}", $"x-ratelimit-remaining-{unit}", $"x-ratelimit-reset-{unit}", IsMoment: false);

    public static LimitHeaderNames Anthropic(string unit) =>
        new($"anthropic-ratelimit-{unit}-limit", $"anthropic-ratelimit-{unit}-remaining", $"anthropic-ratelimit-{unit}-reset", IsMoment: true);
}

/// <summary>The headers of one client surface.</summary>
internal sealed record LimitHeaders(LimitHeaderNames Requests, LimitHeaderNames Tokens)
{
    public static LimitHeaders OpenAi { get; } = new(LimitHeaderNames.OpenAi("requests"), LimitHeaderNames.OpenAi("tokens"));

    public static LimitHeaders Anthropic { get; } = new(LimitHeaderNames.Anthropic("requests"), LimitHeaderNames.Anthropic("tokens"));
}
