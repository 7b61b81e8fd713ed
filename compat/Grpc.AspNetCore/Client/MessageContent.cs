using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

// One message as a request's body: one write, one frame. Keeps the message, so that a retry serializes it again.
internal sealed class MessageContent<TRequest> : HttpContent
{
    private readonly ClientCall _call;
    private readonly TRequest _message;
    private readonly Action<TRequest, SerializationContext> _serializer;

    public MessageContent(ClientCall call, TRequest message, Action<TRequest, SerializationContext> serializer)
    {
        _call = call;
        _message = message;
        _serializer = serializer;
        Headers.ContentType = RequestStreamContent.GrpcType;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = MessageBuffer.Rent(_call.Channel.Options.MaxSendMessageSize);
        try
        {
            await stream.WriteAsync(Serialize(buffer), cancellationToken);
        }
        finally
        {
            buffer.Return();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    // What goes wrong here is the caller's; HTTP would report it as a broken request.
    private ReadOnlyMemory<byte> Serialize(MessageBuffer buffer)
    {
        try
        {
            _serializer(_message, buffer);
            return buffer.Finish();
        }
        catch (Exception exception)
        {
            throw _call.Fail(exception);
        }
    }
}
