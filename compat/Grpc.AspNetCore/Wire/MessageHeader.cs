using System.Buffers.Binary;
using Grpc.Core;

namespace Grpc.Wire;

// Before each message: 1 byte flag (0 plain, 1 compressed), 4 bytes length, big-endian.
internal static class MessageHeader
{
    public const int Size = 5;

    public static void Write(Span<byte> destination, int length, bool compressed)
    {
        destination[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], length);
    }

    /// <param name="limit">Bytes; judged by the declared length, before anything is buffered.</param>
    public static int Read(ReadOnlySpan<byte> header, int? limit, out bool compressed)
    {
        if (header[0] > 1)
        {
            throw new RpcException(new Status(StatusCode.Internal, $"Unexpected compressed flag value {header[0]} in message header."));
        }

        compressed = header[0] == 1;
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        return length > (limit ?? Array.MaxLength) ? throw TooLarge() : (int)length;
    }

    public static RpcException TooLarge() =>
        new(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));

    public static RpcException TooLargeToSend() =>
        new(new Status(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size."));

    public static RpcException Incomplete() => new(new Status(StatusCode.Internal, "Incomplete message."));
}
