using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

// Messages are parsed where they lie in the request's pipe.
internal sealed partial class HttpContextServerCallContext
{
    /// <summary>The one message of a unary or server-streaming call, and the end of the request.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T> ReadSingleAsync<T>(Func<DeserializationContext, T> deserializer)
        where T : class
    {
        var pipe = HttpContext.Request.BodyReader;
        T? message = null;
        while (true)
        {
            var result = await pipe.ReadAsync();
            var buffer = result.Buffer;
            try
            {
                message ??= TryRead(ref buffer, deserializer);
                if (message is not null && !buffer.IsEmpty)
                {
                    throw new RpcException(new Status(StatusCode.Internal, "Additional data after the message received."));
                }
            }
            finally
            {
                pipe.AdvanceTo(buffer.Start, buffer.End);
            }

            if (result.IsCompleted)
            {
                return message ?? throw MessageHeader.Incomplete();
            }
        }
    }

    /// <returns>Null at the end of the stream.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadNextAsync<T>(Func<DeserializationContext, T> deserializer, CancellationToken cancellationToken)
        where T : class
    {
        var pipe = HttpContext.Request.BodyReader;
        while (true)
        {
            var result = await pipe.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            var examined = buffer.End;
            try
            {
                if (TryRead(ref buffer, deserializer) is { } message)
                {
                    // What follows has not been looked at: the next read gets it at once.
                    examined = buffer.Start;
                    return message;
                }

                if (result.IsCompleted)
                {
                    return buffer.IsEmpty ? null : throw MessageHeader.Incomplete();
                }
            }
            finally
            {
                pipe.AdvanceTo(buffer.Start, examined);
            }
        }
    }

    private T? TryRead<T>(ref ReadOnlySequence<byte> buffer, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        if (buffer.Length < MessageHeader.Size)
        {
            return null;
        }

        var header = buffer.FirstSpan;
        if (header.Length < MessageHeader.Size)
        {
            Span<byte> joined = stackalloc byte[MessageHeader.Size];
            buffer.Slice(0, MessageHeader.Size).CopyTo(joined);
            return TryRead(joined, ref buffer, deserializer);
        }

        return TryRead(header, ref buffer, deserializer);
    }

    private T? TryRead<T>(ReadOnlySpan<byte> header, ref ReadOnlySequence<byte> buffer, Func<DeserializationContext, T> deserializer)
        where T : class
    {
        var length = MessageHeader.Read(header, Options.MaxReceiveMessageSize, out var compressed);
        if (buffer.Length - MessageHeader.Size < length)
        {
            return null;
        }

        var payload = buffer.Slice(MessageHeader.Size, length);
        buffer = buffer.Slice(payload.End);
        return ReceivedPayload.Deserialize(deserializer, compressed ? Decompress(payload) : payload);
    }

    private ReadOnlySequence<byte> Decompress(in ReadOnlySequence<byte> payload)
    {
        var encoding = (string?)HttpContext.Request.Headers["grpc-encoding"];
        if (string.IsNullOrEmpty(encoding) || encoding == "identity")
        {
            throw new RpcException(new Status(StatusCode.Internal, "Request message is compressed, but grpc-encoding names no compression."));
        }

        if (encoding != Gzip.Name)
        {
            if (!HttpContext.Response.HasStarted)
            {
                HttpContext.Response.Headers["grpc-accept-encoding"] = Gzip.Accepted;
            }

            throw new RpcException(new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {Gzip.Accepted}"));
        }

        return Gzip.Decompress(payload, Options.MaxReceiveMessageSize);
    }
}
