using System.Text.Json;

namespace LlmGateway.Routing.Streaming;

/// <summary>A number of tokens as providers write it.</summary>
internal static class TokenCount
{
    // A figure that no call can have is as good as none. The bound also keeps every sum and product of Billing in range.
    private const long Most = 1_000_000_000;

    /// <summary>Reads the value after a property's name; null for null and for what is no count.</summary>
    public static long? Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDecimal(out var value) && value is >= 0 and <= Most)
        {
            return (long)decimal.Ceiling(value);
        }

        reader.Skip();
        return null;
    }

    /// <summary>A sum of counts is a count: it stays within the bound of one.</summary>
    public static long? Sum(long? first, long? second, long? third = null) =>
        first is null && second is null && third is null ? null : Math.Min((first ?? 0) + (second ?? 0) + (third ?? 0), Most);
}
