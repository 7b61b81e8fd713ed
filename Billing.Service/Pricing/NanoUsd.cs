namespace LlmGateway.Billing.Pricing;

/// <summary>An amount of money in nano-dollars (1e-9 USD). Sums that do not fit throw; they never wrap.</summary>
internal readonly record struct NanoUsd(long Value) : IComparable<NanoUsd>
{
    /// <summary>
    /// In basis points: it takes the provider's price away whole, so that the customer pays nothing. What is held while billing is off has
    /// it, and is settled by it, whatever the setting is by then.
    /// </summary>
    public const int UnchargedMarkup = -10_000;

    private const decimal PerDollar = 1_000_000_000;

    public static NanoUsd Zero => default;

    public static NanoUsd operator +(NanoUsd left, NanoUsd right) => new(checked(left.Value + right.Value));

    public static NanoUsd operator -(NanoUsd left, NanoUsd right) => new(checked(left.Value - right.Value));

    public static bool operator <(NanoUsd left, NanoUsd right) => left.Value < right.Value;

    public static bool operator >(NanoUsd left, NanoUsd right) => left.Value > right.Value;

    public static bool operator <=(NanoUsd left, NanoUsd right) => left.Value <= right.Value;

    public static bool operator >=(NanoUsd left, NanoUsd right) => left.Value >= right.Value;

    public static NanoUsd Max(NanoUsd left, NanoUsd right) => left > right ? left : right;

    /// <summary>What the provider asks for the tokens.</summary>
    /// <param name="tokensTimesPrice">Sum over the kinds of tokens x price, in nano-dollars per million tokens.</param>
    public static NanoUsd ProviderCost(Int128 tokensTimesPrice) => Ceiling(tokensTimesPrice, 1_000_000);

    /// <summary>What the customer pays for the tokens.</summary>
    public static NanoUsd CustomerPrice(Int128 tokensTimesPrice, int markupBasisPoints) =>
        Ceiling(checked(tokensTimesPrice * (10_000 + markupBasisPoints)), 10_000_000_000);

    /// <summary>Whether the amount of dollars has no more than nine decimal places, and so is a whole number of nano-dollars.</summary>
    public static bool IsExact(decimal dollars) => dollars * PerDollar % 1 == 0;

    public static NanoUsd FromUsd(decimal dollars) => IsExact(dollars)
        ? new((long)(dollars * PerDollar))
        : throw new ArgumentOutOfRangeException(nameof(dollars), dollars, "More than nine decimal places.");

    /// <summary>Exact: for what shows amounts as decimal numbers.</summary>
    public decimal ToUsd() => Value / PerDollar;

    public int CompareTo(NanoUsd other) => Value.CompareTo(other.Value);

    public override string ToString() => $"{Value / PerDollar:0.#########} USD";

    // The one place that rounds, once per call and up: a fraction of a nano-dollar is charged, so that a thousand tiny calls cannot be free.
    private static NanoUsd Ceiling(Int128 dividend, Int128 divisor) =>
        new(checked((long)((dividend + divisor - 1) / divisor)));
}
