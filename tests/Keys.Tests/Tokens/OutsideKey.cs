using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Keys.Tests.Tokens;

/// <summary>A key pair of an outside issuer: what it publishes, and what it signs.</summary>
internal sealed class OutsideKey : IDisposable
{
    private readonly AsymmetricAlgorithm _key;

    private OutsideKey(AsymmetricAlgorithm key, string kid) => (_key, Kid) = (key, kid);

    public string Kid { get; }

    public string Algorithm => _key is RSA ? "RS256" : "ES256";

    /// <summary>As a member of a key set.</summary>
    public string Published
    {
        get
        {
            if (_key is RSA rsa)
            {
                var of = rsa.ExportParameters(includePrivateParameters: false);
                return $$"""{"kty":"RSA","use":"sig","kid":"{{Kid}}","n":"{{Base64Url.EncodeToString(of.Modulus)}}","e":"{{Base64Url.EncodeToString(of.Exponent)}}"}""";
            }

            var point = ((ECDsa)_key).ExportParameters(includePrivateParameters: false).Q;
            return $$"""{"kty":"EC","crv":"P-256","kid":"{{Kid}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        }
    }

    /// <summary>Everything public of it that a careless verifier could take for an HMAC secret.</summary>
    public IEnumerable<byte[]> PublicBytes
    {
        get
        {
            var pem = _key.ExportSubjectPublicKeyInfoPem();
            yield return Encoding.ASCII.GetBytes(pem);
            yield return Encoding.ASCII.GetBytes(pem + "\n");
            yield return _key.ExportSubjectPublicKeyInfo();
            yield return Encoding.ASCII.GetBytes(Published);
            if (_key is RSA rsa)
            {
                yield return rsa.ExportRSAPublicKey();
                yield return rsa.ExportParameters(includePrivateParameters: false).Modulus!;
            }
        }
    }

    public static OutsideKey Rsa(string kid, int bits = 2048) => new(RSA.Create(bits), kid);

    public static OutsideKey P256(string kid) => new(ECDsa.Create(ECCurve.NamedCurves.nistP256), kid);

    public static OutsideKey Of(string algorithm, string kid) => algorithm == "RS256" ? Rsa(kid) : P256(kid);

    public static string Claims(
        DateTimeOffset now, string issuer = OutsideIssuer.Name, string audience = $"\"{OutsideIssuer.Audience}\"", string subject = "acme") =>
        $$"""{"iss":"{{issuer}}","aud":{{audience}},"sub":"{{subject}}","exp":{{now.AddMinutes(5).ToUnixTimeSeconds()}}}""";

    public string Token(DateTimeOffset now) => Sign(Claims(now));

    public string Sign(string claims) => Sign($$"""{"alg":"{{Algorithm}}","kid":"{{Kid}}"}""", claims);

    public string Sign(string header, string claims) => Sign(header, claims, HashAlgorithmName.SHA256);

    public string Sign(string header, string claims, HashAlgorithmName hash)
    {
        var text = $"{TokenFactory.Encode(header)}.{TokenFactory.Encode(claims)}";
        var bytes = Encoding.ASCII.GetBytes(text);
        var signature = _key is RSA rsa
            ? rsa.SignData(bytes, hash, RSASignaturePadding.Pkcs1)
            : ((ECDsa)_key).SignData(bytes, hash);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    public void Dispose() => _key.Dispose();
}
