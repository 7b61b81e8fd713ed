using System.Buffers.Text;
using System.Text.Json;

namespace LlmGateway.Keys.Tokens;

/// <summary>A token's claims, none of which is to be believed before the signature was verified.</summary>
/// <remarks>
/// Read by hand because the library in use reads more than we want to accept: encrypted and compressed tokens, five parts, and JSON with
/// a member twice, of which two readers may take different ones. What has a second spelling (spare bits at a part's end, padding) is
/// refused, since gateways remember verdicts by the token's text.
/// </remarks>
internal sealed record PresentedToken(
    string Text, string Algorithm, string? Kid, string? Issuer, IReadOnlyList<string> Audiences, string Subject, string? KeyId,
    DateTimeOffset ExpiresAt, DateTimeOffset? NotBefore, DateTimeOffset? IssuedAt)
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    /// <summary>Null for anything but a signed token in its one spelling with <c>alg</c>, <c>sub</c> and <c>exp</c>.</summary>
    public static PresentedToken? Parse(string text)
    {
        if (text.Length > TokenText.MaxLength || !TokenText.IsThreePart(text))
        {
            return null;
        }

        try
        {
            var parts = text.Split('.');
            if (Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload || Decode(parts[2]) is null)
            {
                return null;
            }

            using var head = JsonDocument.Parse(header, Strict);
            using var body = JsonDocument.Parse(payload, Strict);
            return IsPlain(head.RootElement) ? Read(text, head.RootElement, body.RootElement) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // Not base64url, not JSON, a claim of another type, or text that is not UTF-8.
            return null;
        }
    }

    private static byte[]? Decode(string part)
    {
        if (!part.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_') || part.Length % 4 == 1)
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(part);
        return Base64Url.EncodeToString(bytes) == part ? bytes : null;
    }

    private static bool IsPlain(JsonElement header) =>
        header.ValueKind == JsonValueKind.Object
        && !header.TryGetProperty("enc", out _)
        && !header.TryGetProperty("zip", out _)
        && !header.TryGetProperty("crit", out _)
        && !header.TryGetProperty("b64", out _)
        && (String(header, "typ") is not { } type
            || type.Equals("JWT", StringComparison.OrdinalIgnoreCase) || type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase));

    private static PresentedToken? Read(string text, JsonElement header, JsonElement payload)
    {
        if (payload.ValueKind != JsonValueKind.Object
            || String(header, "alg") is not { } algorithm || String(payload, "sub") is not { } subject || Time(payload, "exp") is not { } expiresAt)
        {
            return null;
        }

        return new PresentedToken(
            text, algorithm, String(header, "kid"), String(payload, "iss"), Texts(payload, "aud"), subject, String(payload, "key_id"),
            expiresAt, Time(payload, "nbf"), Time(payload, "iat"));
    }

    private static string? String(JsonElement from, string name) => from.TryGetProperty(name, out var value)
        ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw new FormatException(name)
        : null;

    private static string[] Texts(JsonElement from, string name) => from.TryGetProperty(name, out var value)
        ? value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new FormatException(name))]
            : [String(from, name)!]
        : [];

    // RFC 7519 NumericDate: seconds, with or without a fraction.
    private static DateTimeOffset? Time(JsonElement from, string name)
    {
        if (!from.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : throw new FormatException(name);
    }
}
