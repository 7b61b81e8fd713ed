using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

// Messages go straight into the response's pipe. Headers and a unary answer leave together at the end: no flush, but a
// StartAsync, without which Kestrel buffers the body and copies it.
internal sealed partial class HttpContextServerCallContext
{
    // Hinted messages wait for a flush only up to here.
    private const int MostUnflushed = 64 * 1024;

    private ResponsePayload? _payload;
    private bool _headersSent;
    private bool _compress;
    private int _unflushed;

    /// <returns>False when the call is over and nothing was written.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WriteAsync<T>(
        T message, Action<T, SerializationContext> serializer, WriteOptions? writeOptions, bool flush, CancellationToken cancellationToken)
    {
        if (!TryBeginWrite())
        {
            return false;
        }

        try
        {
            if (!_headersSent)
            {
                await StartAsync();
            }

            var flags = (writeOptions ?? WriteOptionsCore)?.Flags ?? WriteFlags.None;
            var pipe = HttpContext.Response.BodyWriter;
            _payload ??= new ResponsePayload();
            _unflushed += _payload.Write(message, serializer, pipe, this, _compress && !flags.HasFlag(WriteFlags.NoCompress));
            if (flush && (!flags.HasFlag(WriteFlags.BufferHint) || _unflushed > MostUnflushed))
            {
                _unflushed = 0;
                await pipe.FlushAsync(cancellationToken);
            }

            return true;
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>The answer of a method that has one. After the deadline it has nowhere to go.</summary>
    public ValueTask<bool> WriteSingleAsync<T>(T? message, Action<T, SerializationContext> serializer)
        where T : class => message is null
            ? throw new RpcException(new Status(StatusCode.Cancelled, "No message returned from method."))
            : WriteAsync(message, serializer, writeOptions: null, flush: false, CancellationToken.None);

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        ArgumentNullException.ThrowIfNull(responseHeaders);
        if (_headersSent)
        {
            throw new InvalidOperationException("Response headers can only be sent once per call.");
        }

        if (!TryBeginWrite())
        {
            throw new InvalidOperationException("Response headers cannot be sent because the call is over.");
        }

        try
        {
            AddMetadata(HttpContext.Response.Headers, responseHeaders);
            await StartAsync();
            await HttpContext.Response.BodyWriter.FlushAsync();
        }
        finally
        {
            EndWrite();
        }
    }

    private Task StartAsync()
    {
        _headersSent = true;
        if (Options.Compresses && Gzip.IsIn(HttpContext.Request.Headers["grpc-accept-encoding"]))
        {
            _compress = true;
            HttpContext.Response.Headers["grpc-encoding"] = Gzip.Name;
        }

        return HttpContext.Response.StartAsync();
    }

    // One a call, used again for each message.
    private sealed class ResponsePayload : SerializationContext
    {
        private PipeWriter _pipe = null!;
        private HttpContextServerCallContext _call = null!;
        private ArrayBufferWriter<byte>? _buffer;
        private bool _compress;
        private int _length;

        public int Write<T>(
            T message, Action<T, SerializationContext> serializer, PipeWriter pipe, HttpContextServerCallContext call, bool compress)
        {
            _pipe = pipe;
            _call = call;
            _compress = compress;
            _buffer = null;
            _length = -1;
            try
            {
                serializer(message, this);
            }
            catch (Exception exception) when (exception is not RpcException)
            {
                throw new RpcException(new Status(StatusCode.Internal, "The message could not be serialized.", exception));
            }

            return MessageHeader.Size + Math.Max(_length, 0);
        }

        public override void SetPayloadLength(int payloadLength)
        {
            CheckLimit(payloadLength);
            _length = payloadLength;
        }

        public override IBufferWriter<byte> GetBufferWriter()
        {
            // Without the size the header, which comes first, could not be written yet.
            if (_length < 0 || _compress)
            {
                return _buffer ??= new ArrayBufferWriter<byte>();
            }

            WriteHeader(_length, compressed: false);
            return _pipe;
        }

        public override void Complete()
        {
            if (_buffer is not null)
            {
                Complete(_buffer.WrittenMemory);
            }
        }

        public override void Complete(byte[] payload) => Complete(payload.AsMemory());

        private void Complete(ReadOnlyMemory<byte> payload)
        {
            CheckLimit(payload.Length);
            if (_compress)
            {
                payload = Gzip.Compress(payload, _call.Options.CompressionLevel);
            }

            _length = payload.Length;
            WriteHeader(_length, _compress);
            _pipe.Write(payload.Span);
        }

        private void WriteHeader(int length, bool compressed)
        {
            MessageHeader.Write(_pipe.GetSpan(MessageHeader.Size), length, compressed);
            _pipe.Advance(MessageHeader.Size);
        }

        private void CheckLimit(int length)
        {
            if (length > _call.Options.MaxSendMessageSize)
            {
                throw MessageHeader.TooLargeToSend();
            }
        }
    }
}
