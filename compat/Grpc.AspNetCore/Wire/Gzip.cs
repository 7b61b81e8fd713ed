using System.Buffers;
using System.IO.Compression;
using Grpc.Core;

namespace Grpc.Wire;

internal static class Gzip
{
    public const string Name = "gzip";

    // What goes into grpc-accept-encoding.
    public const string Accepted = "identity,gzip";

    public static byte[] Compress(ReadOnlyMemory<byte> message, CompressionLevel level)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, level, leaveOpen: true))
        {
            gzip.Write(message.Span);
        }

        return compressed.ToArray();
    }

    /// <param name="limit">Bytes, of the message itself: a small bomb is refused as a large message is.</param>
    public static ReadOnlySequence<byte> Decompress(in ReadOnlySequence<byte> message, int? limit)
    {
        var plain = new ArrayBufferWriter<byte>();
        try
        {
            using var compressed = new MemoryStream(message.ToArray(), writable: false);
            using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
            while (gzip.Read(plain.GetSpan(4096)) is var count and > 0)
            {
                plain.Advance(count);
                if (plain.WrittenCount > (limit ?? Array.MaxLength))
                {
                    throw MessageHeader.TooLarge();
                }
            }
        }
        catch (InvalidDataException exception)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The message could not be decompressed.", exception));
        }

        return new ReadOnlySequence<byte>(plain.WrittenMemory);
    }

    // "identity, gzip": whether a grpc-accept-encoding value has it.
    public static bool IsIn(string? accepted)
    {
        foreach (var part in accepted.AsSpan().Split(','))
        {
            if (accepted.AsSpan()[part].Trim().SequenceEqual(Name))
            {
                return true;
            }
        }

        return false;
    }
}
