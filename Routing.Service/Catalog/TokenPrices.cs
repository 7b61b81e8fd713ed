using System.Globalization;

namespace LlmGateway.Routing.Catalog;

/// <summary>A model's prices, in nano-dollars (1e-9 USD) per million tokens. Null is unknown, not zero.</summary>
internal sealed record TokenPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output)
{
    // Billing's own limit, far above any price.
    private const decimal MostPerToken = 0.1m;

    private const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign;

    /// <summary>The price of what runs on one's own machines.</summary>
    public static TokenPrices Free { get; } = new(0, 0, 0, 0);

    /// <summary>Billing takes the input's price where a cache's is unknown.</summary>
    private TokenPrices Effective => this with { CachedInput = CachedInput ?? Input, CacheWrite = CacheWrite ?? Input };

    /// <summary>Whether every call costs the same by both.</summary>
    public bool SameAs(TokenPrices other) => Effective == other.Effective;

    /// <summary>
    /// Reads USD per token, plain or with an exponent ("0.00000015", "1.5e-07"), exactly: a figure finer than a nano-dollar per
    /// million tokens is refused, never rounded.
    /// </summary>
    public static bool TryParse(string text, out long nanoUsdPerMillion)
    {
        nanoUsdPerMillion = 0;
        if (!decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var perToken)
            || perToken is < 0 or > MostPerToken)
        {
            return false;
        }

        // 10^6 tokens x 10^9 nano-dollars. Decimal keeps 28 places, which such a price leaves room for.
        var scaled = perToken * 1_000_000_000_000_000m;
        nanoUsdPerMillion = (long)scaled;
        return nanoUsdPerMillion == scaled && !Underflows(text, perToken);
    }

    // decimal.Parse rounds digits beyond its 28th place away; a price written so fine would silently become 0.
    private static bool Underflows(string text, decimal parsed) => parsed == 0 && text.AsSpan().IndexOfAnyInRange('1', '9') is var digit and >= 0
        && text.AsSpan().IndexOfAny('e', 'E') is var exponent && (exponent < 0 || digit < exponent);
}
