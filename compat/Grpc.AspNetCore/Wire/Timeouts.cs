using System.Globalization;

namespace Grpc.Wire;

// grpc-timeout: at most 8 digits and a unit, H M S m u n. "149m" is 149 milliseconds.
internal static class Timeouts
{
    private const long MaxDigits = 99_999_999;

    // Rounded down: the server may not outlive the client's own deadline.
    public static string ToWire(TimeSpan remaining)
    {
        var ticks = remaining.Ticks;
        return ticks switch
        {
            <= 0 => "1n",
            < TimeSpan.TicksPerMicrosecond => Format(ticks * TimeSpan.NanosecondsPerTick, 'n'),
            < TimeSpan.TicksPerMillisecond => Format(ticks / TimeSpan.TicksPerMicrosecond, 'u'),
            <= MaxDigits * TimeSpan.TicksPerMillisecond => Format(ticks / TimeSpan.TicksPerMillisecond, 'm'),
            <= MaxDigits * TimeSpan.TicksPerSecond => Format(ticks / TimeSpan.TicksPerSecond, 'S'),
            _ => Format(MaxDigits, 'S'),
        };
    }

    // False for what is malformed and for zero, which both mean: no deadline. Nine digits are tolerated, as elsewhere.
    public static bool TryParse(string? value, out TimeSpan timeout)
    {
        timeout = default;
        if (value is not { Length: >= 2 and <= 10 } ||
            !long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            return false;
        }

        var unit = value[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0,
            _ => -1,
        };
        if (unit < 0 || amount == 0)
        {
            return false;
        }

        var ticks = unit == 0
            ? Int128.Max(1, amount / TimeSpan.NanosecondsPerTick)
            : (Int128)amount * unit;
        timeout = ticks > long.MaxValue ? TimeSpan.MaxValue : new TimeSpan((long)ticks);
        return true;
    }

    private static string Format(long amount, char unit) => string.Create(CultureInfo.InvariantCulture, $"{amount}{unit}");
}
