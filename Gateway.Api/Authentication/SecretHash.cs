using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LlmGateway.Gateway.Authentication;

/// <summary>
/// SHA-256 of a secret and of the header it came in. Keys are looked up by it, so memory holds no secret, and the time that a look-up takes
/// says nothing about the keys that exist.
/// </summary>
internal readonly record struct SecretHash(UInt128 High, UInt128 Low)
{
    // In front of the secret: the same text is another secret in another header. No secret has these characters.
    private const byte OfBearer = 0;
    private const byte OfInternal = 1;

    /// <summary>Of ASCII, as <see cref="Credentials"/> lets through.</summary>
    public static SecretHash Of(ReadOnlySpan<char> secret, bool isInternal = false)
    {
        var length = secret.Length + 1;
        var pooled = length > Credentials.MaxKeyLength + 1 ? ArrayPool<byte>.Shared.Rent(length) : null;
        var buffer = pooled ?? stackalloc byte[Credentials.MaxKeyLength + 1];
        buffer[0] = isInternal ? OfInternal : OfBearer;
        Encoding.ASCII.GetBytes(secret, buffer[1..]);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer[..length], hash);
        if (pooled is not null)
        {
            ArrayPool<byte>.Shared.Return(pooled, clearArray: true);
        }

        var halves = MemoryMarshal.Cast<byte, UInt128>(hash);
        return new(halves[0], halves[1]);
    }
}
