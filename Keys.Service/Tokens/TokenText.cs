namespace LlmGateway.Keys.Tokens;

/// <summary>What tells a token from a key before anything is parsed.</summary>
internal static class TokenText
{
    public const int MaxLength = 8192;

    /// <summary>Three parts joined by dots, none of them empty: whoever presents this means a token.</summary>
    public static bool IsThreePart(string text)
    {
        var first = text.IndexOf('.', StringComparison.Ordinal);
        var last = text.LastIndexOf('.');
        return first > 0 && last > first + 1 && last < text.Length - 1 && text.AsSpan(first + 1, last - first - 1).IndexOf('.') < 0;
    }
}
