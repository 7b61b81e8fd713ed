using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LlmGateway.Gateway.Calls;

/// <summary>
/// Our id of one request: "req_" and a ULID (github.com/ulid/spec): 48 bits of Unix milliseconds, 80 random bits, in 26
/// characters of Crockford's base 32. Ids made one after the other sort in that order, which keeps the tables indexed by them compact.
/// </summary>
internal static class RequestId
{
    public const string Prefix = "req_";
    public const int Length = 30;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string New(TimeProvider time)
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes[6..]);
        Span<byte> milliseconds = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, time.GetUtcNow().ToUnixTimeMilliseconds());
        milliseconds[2..].CopyTo(bytes);

        return string.Create(Length, BinaryPrimitives.ReadUInt128BigEndian(bytes), static (id, value) =>
        {
            Prefix.CopyTo(id);
            for (var i = Length - 1; i >= Prefix.Length; i--)
            {
                id[i] = Alphabet[(int)(value & 31)];
                value >>= 5;
            }
        });
    }
}
