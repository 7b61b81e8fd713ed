using System.Buffers;
using Grpc.Core;

namespace Grpc.Wire;

// One message with its header in one pooled array, so that it is one write. Used by one call at a time; Rent and Return
// keep one of them a thread.
internal sealed class MessageBuffer : SerializationContext, IBufferWriter<byte>
{
    private const int InitialSize = 512;

    [ThreadStatic]
    private static MessageBuffer? _spare;

    private byte[] _array = [];
    private int _end = MessageHeader.Size;
    private int? _limit;

    public ReadOnlyMemory<byte> Payload => _array.AsMemory(MessageHeader.Size, _end - MessageHeader.Size);

    public static MessageBuffer Rent(int? limit)
    {
        var buffer = _spare ?? new MessageBuffer();
        _spare = null;
        buffer._limit = limit;
        return buffer;
    }

    public void Return()
    {
        var array = _array;
        _array = [];
        _end = MessageHeader.Size;
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }

        _spare = this;
    }

    /// <summary>Header and message; valid until Return.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        CheckLimit(_end - MessageHeader.Size);
        EnsureRoom(0);
        MessageHeader.Write(_array, _end - MessageHeader.Size, compressed: false);
        return _array.AsMemory(0, _end);
    }

    public override void SetPayloadLength(int payloadLength)
    {
        CheckLimit(payloadLength);
        EnsureRoom(payloadLength);
    }

    public override IBufferWriter<byte> GetBufferWriter() => this;

    public override void Complete()
    {
    }

    public override void Complete(byte[] payload)
    {
        CheckLimit(payload.Length);
        EnsureRoom(payload.Length);
        payload.CopyTo(_array, _end);
        _end += payload.Length;
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return _array.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureRoom(Math.Max(sizeHint, 1));
        return _array.AsSpan(_end);
    }

    private void CheckLimit(int length)
    {
        if (length > _limit)
        {
            throw MessageHeader.TooLargeToSend();
        }
    }

    private void EnsureRoom(int count)
    {
        var needed = checked(_end + count);
        if (needed <= _array.Length)
        {
            return;
        }

        var doubled = (int)Math.Min(Array.MaxLength, 2L * _array.Length);
        var larger = ArrayPool<byte>.Shared.Rent(_array.Length == 0 ? Math.Max(needed, InitialSize) : Math.Max(needed, doubled));
        _array.AsSpan(0, Math.Min(_end, _array.Length)).CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
    }
}
