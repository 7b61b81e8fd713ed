using System.Buffers;

namespace LlmGateway.Gateway.Admin;

/// <summary>
/// Recognises a key or token that was pasted where a key's id or name belongs, so that it is not repeated in an answer, a log or an
/// address. A guess: the usual prefixes, tokens, and long runs of letters and digits that no name has.
/// </summary>
internal static class SecretShape
{
    // 24 letters and digits without a break are 120 bits or more; words and ids in names are shorter.
    private const int LongestWord = 23;

    private static readonly string[] Prefixes = ["sk-", "sk_", "pk-", "eyJ", "bearer "];
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<char> LettersAndDigits =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool Fits(string text)
    {
        var trimmed = text.Trim();
        return Prefixes.Any(prefix => trimmed.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            || (!Guid.TryParse(trimmed, out _) && HasRandomRun(trimmed));
    }

    private static bool HasRandomRun(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAny(LettersAndDigits) is >= 0 and var start)
        {
            text = text[start..];
            var end = text.IndexOfAnyExcept(LettersAndDigits);
            var run = end < 0 ? text : text[..end];
            if (run.Length > LongestWord && run.ContainsAny(Digits) && run.ContainsAny(Letters))
            {
                return true;
            }

            text = text[run.Length..];
        }

        return false;
    }
}
