using System.Globalization;
using System.Net;

namespace LlmGateway.ServiceDefaults.Export.Sentry;

/// <summary>
/// What Sentry asks not to be sent for a while (develop.sentry.dev/sdk/foundations/transport/rate-limiting/):
/// <c>X-Sentry-Rate-Limits: 60:transaction:key, 2700:default;error:organization</c>, on any answer; without it a 429's <c>Retry-After</c>, for everything.
/// </summary>
internal sealed class SentryLimits(TimeProvider time)
{
    private const string Everything = "";
    private static readonly TimeSpan Unsaid = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    private readonly Dictionary<string, DateTimeOffset> _until = [];

    public bool Allows(string category) => !IsClosed(category) && !IsClosed(Everything);

    public void Read(HttpResponseMessage response)
    {
        if (response.Headers.TryGetValues("X-Sentry-Rate-Limits", out var values))
        {
            foreach (var limit in string.Join(',', values).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                Read(limit.Split(':', StringSplitOptions.TrimEntries));
            }
        }
        else if (response.StatusCode == HttpStatusCode.TooManyRequests)
        {
            var after = response.Headers.RetryAfter;
            Close(Everything, after?.Delta ?? (after?.Date is { } date ? date - time.GetUtcNow() : Unsaid));
        }
    }

    private void Read(string[] limit)
    {
        if (!double.TryParse(limit[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            seconds = Unsaid.TotalSeconds;
        }

        var after = TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds));
        foreach (var category in (limit.Length > 1 ? limit[1] : Everything).Split(';'))
        {
            // Others are of things that are not sent from here.
            if (category is Everything or "error" or "transaction")
            {
                Close(category, after);
            }
        }
    }

    // The longer of two.
    private void Close(string category, TimeSpan after)
    {
        var until = time.GetUtcNow() + (after < Longest ? after : Longest);
        if (!_until.TryGetValue(category, out var before) || before < until)
        {
            _until[category] = until;
        }
    }

    private bool IsClosed(string category) => _until.TryGetValue(category, out var until) && time.GetUtcNow() < until;
}
