using System.Collections.Immutable;
using System.Globalization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Catalog;

/// <summary>A model's prices, in nano-dollars (1e-9 USD) per million tokens. Null is unknown, not zero.</summary>
internal sealed record TokenPrices(long? Input, long? CachedInput, long? CacheWrite, long? Output)
{
    // Billing's own limit, far above any price.
    private const decimal MostPerToken = 0.1m;
    private const decimal MostPerRequest = 1000;

    private const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign;

    /// <summary>The price of what runs on one's own machines.</summary>
    public static TokenPrices Free { get; } = new(0, 0, 0, 0);

    public long? CacheWrite1h { get; init; }

    /// <summary>Of reasoning tokens, where they cost something else than output.</summary>
    public long? Reasoning { get; init; }

    /// <summary>Nano-dollars for each call.</summary>
    public long? PerRequest { get; init; }

    /// <summary>In the order of their thresholds.</summary>
    public ImmutableArray<PriceTier> Tiers { get; init; } = [];

    /// <summary>Whether no call can cost anything.</summary>
    public bool IsFree => this is
    {
        Input: 0, Output: 0, CachedInput: null or 0, CacheWrite: null or 0, CacheWrite1h: null or 0, Reasoning: null or 0,
        PerRequest: null or 0, Tiers.Length: 0,
    };

    /// <summary>Whether every call costs the same by both. Billing takes the input's price where that of cached input is unknown.</summary>
    public bool SameAs(TokenPrices other)
    {
        return Effective(this).Equals(Effective(other));

        static ModelPrice Effective(TokenPrices prices) => (prices with { CachedInput = prices.CachedInput ?? prices.Input }).ToMessage();
    }

    public ModelPrice ToMessage()
    {
        var price = new ModelPrice { Tiers = { Tiers } };
        Set(Input, value => price.Input = value);
        Set(CachedInput, value => price.CachedInput = value);
        Set(CacheWrite, value => price.CacheWrite = value);
        Set(CacheWrite1h, value => price.CacheWrite1H = value);
        Set(Output, value => price.Output = value);
        Set(Reasoning, value => price.Reasoning = value);
        Set(PerRequest, value => price.PerRequest = value);
        return price;

        static void Set(long? stated, Action<long> set)
        {
            if (stated is { } value)
            {
                set(value);
            }
        }
    }

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

    /// <summary>Reads USD, exactly: a figure finer than a nano-dollar is refused.</summary>
    public static bool TryParsePerRequest(string text, out long nanoUsd)
    {
        nanoUsd = 0;
        if (!decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var usd) || usd is < 0 or > MostPerRequest)
        {
            return false;
        }

        var scaled = usd * 1_000_000_000m;
        nanoUsd = (long)scaled;
        return nanoUsd == scaled && !Underflows(text, usd);
    }

    // decimal.Parse rounds digits beyond its 28th place away; a price written so fine would silently become 0.
    private static bool Underflows(string text, decimal parsed) => parsed == 0 && text.AsSpan().IndexOfAnyInRange('1', '9') is var digit and >= 0
        && text.AsSpan().IndexOfAny('e', 'E') is var exponent && (exponent < 0 || digit < exponent);
}
