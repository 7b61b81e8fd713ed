using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmGateway.Cli;

/// <summary>Times and durations as people type them: <c>30d</c>, <c>90m</c>, <c>2027-01-01</c>, <c>2027-01-01T12:00:00Z</c>.</summary>
internal static partial class Moment
{
    /// <summary>RFC 3339, UTC. A date is its first moment, a duration counts from now.</summary>
    public static string Parse(string option, string text, DateTimeOffset now)
    {
        if (TryDuration(text, out var duration))
        {
            return Format(now + duration);
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        string[] formats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];
        return DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, utc, out var moment)
            ? Format(moment)
            : throw new FailedException($"{option} must be a duration like 30d or 12h, a date like 2027-01-31, or a time like 2027-01-31T12:00:00Z.");
    }

    public static TimeSpan ParseDuration(string option, string text) => TryDuration(text, out var duration)
        ? duration
        : throw new FailedException($"{option} must be 0 or a duration with its unit, like 30s, 90m, 12h or 7d.");

    private static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text == "0")
        {
            return true;
        }

        var match = Form().Match(text);
        if (!match.Success)
        {
            return false;
        }

        var count = int.Parse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture);
        duration = match.Groups["unit"].Value switch
        {
            "s" => TimeSpan.FromSeconds(count),
            "m" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
        return true;
    }

    private static string Format(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // Five digits of days are 273 years: no sum of them with a date overflows.
    [GeneratedRegex("^(?<count>[0-9]{1,5})(?<unit>[smhd])$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}
