using System.Buffers;
using System.Text.RegularExpressions;

namespace LlmGateway.Gateway.Admin;

/// <summary>
/// Recognises a key or token that was pasted where a key's id or name belongs, so that it is not repeated in an answer, a log or an
/// address. A guess: the usual prefixes, tokens, and long runs of letters and digits that no name has.
/// </summary>
internal static partial class SecretShape
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

    /// <summary>No guess: a key as the gateway makes them, or a token, anywhere in the text.</summary>
    public static bool IsSure(string text) => Generated().IsMatch(text);

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

    // KeySecret's form in Keys.Service, or without its last six digits, as ./run.sh makes its own keys; and the three parts of a signed
    // token (RFC 7519), whose first begins with {" in base64url.
    [GeneratedRegex(
        @"sk-llmgw-[0-9A-Za-z]{43}|(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Generated();
}
