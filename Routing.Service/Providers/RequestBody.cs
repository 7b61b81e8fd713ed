using System.Net;
using System.Net.Http.Headers;

namespace LlmGateway.Routing.Providers;

/// <summary>A request's body that says when it was written. (ReadOnlyMemoryContent does not: its serialisation is not to be overridden from outside.)</summary>
internal sealed class RequestBody : HttpContent
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Action _written;
    private volatile bool _isWritten;

    public RequestBody(ReadOnlyMemory<byte> bytes, MediaTypeHeaderValue type, Action written)
    {
        (_bytes, _written) = (bytes, written);
        Headers.ContentType = type;
    }

    /// <summary>Nothing reads the bytes any more.</summary>
    public bool IsWritten => _isWritten;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(_bytes, cancellationToken);
        _isWritten = true;
        _written();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
