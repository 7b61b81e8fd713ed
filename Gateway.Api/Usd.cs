namespace LlmGateway.Gateway;

/// <summary>Amounts arrive as integers of nano-dollars and are shown as decimals of at most 9 places: exact, and never with an exponent.</summary>
internal static class Usd
{
    public static decimal FromNano(long nanoUsd) => nanoUsd / 1_000_000_000m;
}
