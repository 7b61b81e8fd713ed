using System.Buffers;
using System.IO.Pipelines;
using LlmGateway.Gateway.Calls;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>
/// A client's body in a pooled array. Disposing gives the array back, so it may be done only when nothing reads the bytes
/// any more; a body that is not disposed is left to the garbage collector, which is always safe.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    // The array grows with what arrives, not with what was announced: a Content-Length costs a client nothing.
    private const int FirstSize = 16 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _length;

    private RequestBody()
    {
    }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>
    /// What can be refused before a body is read: its type, and a length announced over the limit. The limit is the reader's to keep:
    /// Kestrel's own, which is off, would cut the connection while the client still sends, and most clients report that as a broken
    /// connection: they never see the 413. Without it, Kestrel reads the rest away (for 5 s at most).
    /// </summary>
    public static ApiError? Admit(HttpContext context, long limit)
    {
        if (MediaTypeFault(context.Request) is { } fault)
        {
            return fault;
        }

        return context.Request.ContentLength > limit ? ApiErrors.TooLarge(limit) : null;
    }

    public static async ValueTask<(RequestBody? Body, ApiError? Error)> ReadAsync(HttpContext context, int limit)
    {
        if (Admit(context, limit) is { } fault)
        {
            return (null, fault);
        }

        var body = new RequestBody();
        try
        {
            var error = await body.FillAsync(context.Request.BodyReader, limit, context.RequestAborted);
            if (error is null)
            {
                return (body, null);
            }

            fault = error;
        }
        catch (Exception exception) when (IsBadCompression(exception))
        {
            fault = ApiErrors.InvalidCompression;
        }

        body.Dispose();
        return (null, fault);
    }

    /// <summary>Whether reading a body failed because it is not what its content-encoding says. Brotli's reader has its own way to say so.</summary>
    public static bool IsBadCompression(Exception exception) => exception is InvalidDataException or InvalidOperationException;

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The limit is on what a body comes to: it is read no further than that, however small it was when compressed.
    private async ValueTask<ApiError?> FillAsync(PipeReader reader, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var fits = result.Buffer.Length <= limit - _length;
            if (fits)
            {
                Append(result.Buffer);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (!fits || result.IsCompleted)
            {
                return fits ? null : ApiErrors.TooLarge(limit);
            }
        }
    }

    private void Append(ReadOnlySequence<byte> bytes)
    {
        var length = _length + (int)bytes.Length;
        if (length > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(length, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length = length;
    }

    // A missing content type is taken for JSON: hand-written clients leave it out. A wrong one says that something else was meant.
    private static ApiError? MediaTypeFault(HttpRequest request)
    {
        string? encoding = request.Headers.ContentEncoding;
        if (!string.IsNullOrEmpty(encoding) && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return ApiErrors.UnsupportedMediaType("A compressed body must be gzip, br or deflate, once.");
        }

        var type = request.ContentType;
        if (string.IsNullOrEmpty(type) || type.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var isJson = MediaTypeHeaderValue.TryParse(type, out var parsed)
            && (parsed.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || parsed.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            && IsUtf8(HeaderUtilities.RemoveQuotes(parsed.Charset));
        return isJson
            ? null
            : ApiErrors.UnsupportedMediaType("The body must be JSON in UTF-8, sent with content-type: application/json.");
    }

    // By its name: to ask for an encoding of it throws for some that a client may name.
    private static bool IsUtf8(StringSegment charset) =>
        charset.Length == 0
        || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
        || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
        || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase);
}
