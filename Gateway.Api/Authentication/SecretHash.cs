using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Gateway.Authentication;

/// <summary>
/// SHA-256 of a secret. Keys are looked up by it, so memory holds no secret, and the time that a look-up takes says nothing about
/// the keys that exist.
/// </summary>
internal readonly record struct SecretHash(UInt128 High, UInt128 Low)
{
    public static SecretHash Of(ReadOnlySpan<char> secret)
    {
        Span<byte> ascii = stackalloc byte[Credentials.MaxLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(ascii[..Encoding.ASCII.GetBytes(secret, ascii)], hash);
        var halves = MemoryMarshal.Cast<byte, UInt128>(hash);
        return new(halves[0], halves[1]);
    }
}
