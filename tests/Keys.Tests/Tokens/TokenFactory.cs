using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Keys.Tests.Tokens;

/// <summary>Tokens made by hand, so that they can be wrong in any way.</summary>
internal static class TokenFactory
{
    public const string Secret = "a-secret-of-the-operators-own-services";

    public static string Sign(string header, string payload, string secret = Secret)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public static string Payload(DateTimeOffset now, string subject = "acme", string more = "") =>
        $$"""{"sub":"{{subject}}","exp":{{now.AddMinutes(5).ToUnixTimeSeconds()}}{{more}}}""";
}
