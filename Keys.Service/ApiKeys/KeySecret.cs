using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>
/// A key's secret, which has no <c>ToString</c> that shows it. Generated ones have this form, so that a scanner can tell a leaked key
/// from a look-alike without asking us:
/// <code>
/// sk-llmgw- | 43 base-62 digits of 256 random bits | 6 base-62 digits of the first 32 bits of SHA-256 of what precedes them
/// </code>
/// </summary>
internal sealed class KeySecret
{
    public const int MaxLength = 512;
    private const string Prefix = "sk-llmgw-";
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomDigits = 43;
    private const int ChecksumDigits = 6;
    private static readonly SearchValues<char> AnyDigit = SearchValues.Create(Digits);

    private readonly string _text;

    private KeySecret(string text) => _text = text;

    /// <summary>Null unless the text is 1 to 512 printable ASCII characters.</summary>
    public static KeySecret? Parse(string text) =>
        text.Length is > 0 and <= MaxLength && text.All(character => character is >= ' ' and <= '~') ? new KeySecret(text) : null;

    /// <summary>Whether a text has a generated secret in it, or what looks just like one. Those that ./run.sh makes have no checksum.</summary>
    public static bool IsIn(string text)
    {
        for (var start = text.IndexOf(Prefix, StringComparison.Ordinal); start >= 0; start = text.IndexOf(Prefix, start + 1, StringComparison.Ordinal))
        {
            var rest = text.AsSpan(start + Prefix.Length);
            if (rest.Length >= RandomDigits && !rest[..RandomDigits].ContainsAnyExcept(AnyDigit))
            {
                return true;
            }
        }

        return false;
    }

    public static KeySecret Generate()
    {
        var body = Prefix + Base62(RandomNumberGenerator.GetBytes(32), RandomDigits);
        return new KeySecret(body + Checksum(body));
    }

    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(_text));

    /// <summary>The only form that may be stored, shown or logged.</summary>
    public string Masked() => string.Concat(_text.AsSpan(0, Math.Min(_text.Length < 16 ? 3 : 8, _text.Length)), "...");

    /// <summary>What is stored of a key's current secret.</summary>
    public ApiKeySecret ToRow(DateTimeOffset now) => new() { Hash = Hash(), Masked = Masked(), CreatedAt = now };

    /// <summary>For the one who is given the key, once.</summary>
    public string Reveal() => _text;

    public override string ToString() => Masked();

    internal static string Checksum(string body) => Base62(SHA256.HashData(Encoding.ASCII.GetBytes(body))[..4], ChecksumDigits);

    private static string Base62(byte[] bytes, int length)
    {
        var rest = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var digits = new char[length];
        for (var index = length - 1; index >= 0; index--)
        {
            rest = BigInteger.DivRem(rest, Digits.Length, out var digit);
            digits[index] = Digits[(int)digit];
        }

        return new string(digits);
    }
}
