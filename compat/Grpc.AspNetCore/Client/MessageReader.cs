using System.Buffers;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

// Cuts a response body into messages. The buffer takes what the connection has, often many messages at once, and goes
// back to the pool whenever it is used up: an idle stream holds none.
internal sealed class MessageReader(Stream stream, string? encoding, int? limit, int bufferSize, CancellationToken cancellationToken)
{
    private byte[]? _buffer;
    private int _start;
    private int _end;

    /// <param name="waitFirst">Waits for data before it takes a buffer.</param>
    /// <returns>Null at the end of the body.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserializer, bool waitFirst)
        where T : class
    {
        while (true)
        {
            if (TryRead(deserializer) is { } message)
            {
                return message;
            }

            if (_buffer is null)
            {
                if (waitFirst)
                {
#pragma warning disable CA2022, MA0060 // Nothing can be read into nothing; it only waits.
                    await stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
#pragma warning restore CA2022, MA0060
                }

                _buffer = ArrayPool<byte>.Shared.Rent(bufferSize);
            }

            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return _start == _end ? null : throw MessageHeader.Incomplete();
            }

            _end += count;
        }
    }

    public void Release()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            _start = 0;
            _end = 0;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private T? TryRead<T>(Func<DeserializationContext, T> deserializer)
        where T : class
    {
        var available = _end - _start;
        if (available < MessageHeader.Size)
        {
            MakeRoom(MessageHeader.Size);
            return null;
        }

        var length = MessageHeader.Read(_buffer.AsSpan(_start), limit, out var compressed);
        if (available - MessageHeader.Size < length)
        {
            MakeRoom(checked(MessageHeader.Size + length));
            return null;
        }

        var payload = new ReadOnlySequence<byte>(_buffer!, _start + MessageHeader.Size, length);
        _start += MessageHeader.Size + length;
        var message = ReceivedPayload.Deserialize(deserializer, compressed ? Decompress(payload) : payload);
        if (_start == _end)
        {
            Release();
        }

        return message;
    }

    // What is left over moves to the front, or into a buffer that holds the whole message.
    private void MakeRoom(int needed)
    {
        if (_buffer is null || _start + needed <= _buffer.Length)
        {
            return;
        }

        var left = _buffer.AsSpan(_start, _end - _start);
        if (needed <= _buffer.Length)
        {
            left.CopyTo(_buffer);
        }
        else
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            left.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        _end -= _start;
        _start = 0;
    }

    private ReadOnlySequence<byte> Decompress(in ReadOnlySequence<byte> payload) => encoding switch
    {
        Gzip.Name => Gzip.Decompress(payload, limit),
        null or "identity" => throw new RpcException(new Status(StatusCode.Internal, "Response message is compressed, but grpc-encoding names no compression.")),
        _ => throw new RpcException(new Status(StatusCode.Internal, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {Gzip.Accepted}")),
    };
}
