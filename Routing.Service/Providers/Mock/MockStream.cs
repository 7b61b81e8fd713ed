using System.Text;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>A response's body that is made while it is read. Pieces that need no waiting come in one read, as from a fast server.</summary>
internal sealed class MockStream(IEnumerable<(TimeSpan Wait, string? Text)> pieces, TimeProvider time) : Stream
{
    private readonly IEnumerator<(TimeSpan Wait, string? Text)> _pieces = pieces.GetEnumerator();
    private ReadOnlyMemory<byte> _rest;
    private bool _ahead;

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
        var filled = Take(buffer);
        while (filled < buffer.Length && (_ahead || _pieces.MoveNext()))
        {
            var (wait, text) = _pieces.Current;
            _ahead = true;
            if (filled > 0 && (wait != TimeSpan.Zero || text is null))
            {
                return filled;
            }

            await Task.Delay(wait, time, cancellationToken);
            _ahead = false;
            _rest = Encoding.UTF8.GetBytes(text ?? throw new IOException("The mock was asked to break off here."));
            filled += Take(buffer[filled..]);
        }

        return filled;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _pieces.Dispose();
        base.Dispose(disposing);
    }

    private int Take(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _rest.Length);
        _rest[..count].CopyTo(buffer);
        _rest = _rest[count..];
        return count;
    }
}
