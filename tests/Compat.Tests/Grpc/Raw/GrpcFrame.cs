using System.Buffers.Binary;
using Google.Protobuf;

namespace LlmGateway.Compat.Tests.Grpc.Raw;

/// <summary>Messages as they are on the wire: a flag byte, a big-endian length, the bytes.</summary>
internal static class GrpcFrame
{
    public static byte[] Of(IMessage message, byte flag = 0) => Of(message.ToByteArray(), flag);

    public static byte[] Of(byte[] payload, byte flag = 0) => [.. Header((uint)payload.Length, flag), .. payload];

    /// <summary>A header alone: what it declares need not follow.</summary>
    public static byte[] Header(uint length, byte flag = 0)
    {
        var header = new byte[5];
        header[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(1), length);
        return header;
    }

    public static List<(byte Flag, byte[] Payload)> Split(byte[] body)
    {
        var messages = new List<(byte, byte[])>();
        for (var at = 0; at < body.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 1));
            messages.Add((body[at], body[(at + 5)..(at + 5 + length)]));
            at += 5 + length;
        }

        return messages;
    }
}
