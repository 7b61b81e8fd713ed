using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace LlmGateway.Keys.Tokens;

/// <summary>
/// A JSON Web Key Set (RFC 7517), of which only public signature keys for one algorithm are taken: RSA of 2048 bits or more, EC on P-256.
/// The library's own reader takes symmetric and short keys as well.
/// </summary>
internal static class IssuerKeySet
{
    private const int MaxKeys = 100;
    private const int MaxModulusBytes = 1024;

    /// <returns>By kid; one without a kid by the empty one. Keys that cannot be used are left out.</returns>
    /// <exception cref="JsonException">Not a key set.</exception>
    public static IReadOnlyDictionary<string, SecurityKey> Parse(byte[] json, string algorithm)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("keys", out var list)
            || list.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("The answer is not a key set.");
        }

        var keys = new Dictionary<string, SecurityKey>();
        foreach (var item in list.EnumerateArray().Take(MaxKeys).Where(item => IsFor(item, algorithm)))
        {
            SecurityKey? key = algorithm == "RS256" ? Rsa(item) : Ec(item);
            if (key is not null)
            {
                keys.TryAdd(Text(item, "kid") ?? "", key);
            }
        }

        return keys;
    }

    private static bool IsFor(JsonElement item, string algorithm) =>
        item.ValueKind == JsonValueKind.Object
        && Text(item, "kty") == (algorithm == "RS256" ? "RSA" : "EC")
        && Text(item, "use") is null or "sig"
        && (Text(item, "alg") is null || Text(item, "alg") == algorithm);

    private static RsaSecurityKey? Rsa(JsonElement item)
    {
        if (Bytes(item, "n") is not { } modulus || Bytes(item, "e") is not { Length: > 0 and <= 8 } exponent)
        {
            return null;
        }

        modulus = [.. modulus.SkipWhile(value => value == 0)];
        exponent = [.. exponent.SkipWhile(value => value == 0)];

        // With an exponent of one, anybody can sign.
        var isStrong = modulus.Length is >= 256 and <= MaxModulusBytes && (modulus.Length > 256 || modulus[0] >= 0x80)
            && exponent is not ([] or [1]) && (exponent[^1] & 1) == 1;
        return isStrong
            ? new RsaSecurityKey(new RSAParameters { Modulus = modulus, Exponent = exponent })
            : null;
    }

    private static ECDsaSecurityKey? Ec(JsonElement item)
    {
        if (Text(item, "crv") != "P-256" || Bytes(item, "x") is not { Length: 32 } x || Bytes(item, "y") is not { Length: 32 } y)
        {
            return null;
        }

        try
        {
            return new ECDsaSecurityKey(ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } }));
        }
        catch (CryptographicException)
        {
            // Not a point of the curve.
            return null;
        }
    }

    private static string? Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Bytes(JsonElement item, string name)
    {
        try
        {
            return Text(item, name) is { } text ? Base64Url.DecodeFromChars(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
