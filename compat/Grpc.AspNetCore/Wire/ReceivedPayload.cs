using System.Buffers;
using Grpc.Core;

namespace Grpc.Wire;

// What a deserializer reads. Deserializers are synchronous, so one object a thread serves all calls.
internal sealed class ReceivedPayload : DeserializationContext
{
    [ThreadStatic]
    private static ReceivedPayload? _spare;

    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => (int)_payload.Length;

    public override byte[] PayloadAsNewBuffer() => _payload.ToArray();

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    /// <exception cref="RpcException">INTERNAL: the bytes are no message of this type.</exception>
    public static T Deserialize<T>(Func<DeserializationContext, T> deserializer, in ReadOnlySequence<byte> payload)
    {
        var context = _spare ?? new ReceivedPayload();
        _spare = null;
        context._payload = payload;
        try
        {
            return deserializer(context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw new RpcException(new Status(StatusCode.Internal, "The message could not be parsed.", exception));
        }
        finally
        {
            context._payload = default;
            _spare = context;
        }
    }
}
