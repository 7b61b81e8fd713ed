using Grpc.Core;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Backup;

/// <summary>
/// The document as it arrives, for the JSON reader. By hand, because no library reads a gRPC stream as a stream of bytes.
/// </summary>
/// <param name="chunks">After the options.</param>
/// <param name="limit">In bytes; more is a <see cref="BackupRefusedException"/>.</param>
internal sealed class ChunkStream(IAsyncStreamReader<RestoreChunk> chunks, long limit) : Stream
{
    private ReadOnlyMemory<byte> _rest;
    private long _received;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_rest.IsEmpty)
        {
            if (!await chunks.MoveNext(cancellationToken))
            {
                return 0;
            }

            if (chunks.Current.PartCase != RestoreChunk.PartOneofCase.Data)
            {
                throw new BackupRefusedException("options", "must be the first message, and only that.");
            }

            _rest = chunks.Current.Data.Memory;
            _received += _rest.Length;
            if (_received > limit)
            {
                throw new BackupRefusedException("", $"the document is larger than {limit} bytes.");
            }
        }

        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
