namespace LlmGateway.Gateway;

/// <summary>Amounts arrive as integers of nano-dollars and are shown as decimals of at most 9 places: exact, and never with an exponent.</summary>
internal static class Usd
{
    private const int Places = 9;

    public static decimal FromNano(long nanoUsd) => nanoUsd / 1_000_000_000m;

    /// <summary>
    /// Reads <c>12.5</c>. By hand, because decimal.Parse rounds what has too many places, and an amount must never be another than the
    /// one that was written.
    /// </summary>
    public static bool TryParseNano(ReadOnlySpan<byte> text, out long nanoUsd)
    {
        nanoUsd = 0;
        var point = text.IndexOf((byte)'.');
        var whole = point < 0 ? text : text[..point];
        var fraction = point < 0 ? [] : text[(point + 1)..];
        if (whole.IsEmpty || (point >= 0 && fraction.IsEmpty) || fraction.Length > Places)
        {
            return false;
        }

        return TryAppend(whole, ref nanoUsd) && TryAppend(fraction, ref nanoUsd) && TryAppend("000000000"u8[fraction.Length..], ref nanoUsd);
    }

    private static bool TryAppend(ReadOnlySpan<byte> digits, ref long value)
    {
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9' || value > (long.MaxValue - (digit - '0')) / 10)
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return true;
    }
}
