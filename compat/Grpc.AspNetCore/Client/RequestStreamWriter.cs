using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Net.Client;

internal sealed class RequestStreamWriter<TRequest>(
    ClientCall call,
    RequestStreamContent content,
    Action<TRequest, SerializationContext> serializer) : IClientStreamWriter<TRequest>
{
    private int _writing;
    private bool _completeCalled;

    public WriteOptions? WriteOptions { get; set; } = call.WriteOptions;

    public Task WriteAsync(TRequest message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(TRequest message, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            return Task.FromException(new ArgumentNullException(nameof(message)));
        }

        if (_completeCalled)
        {
            return Task.FromException(new InvalidOperationException("Request stream has already been completed."));
        }

        if (call.IsCompleted)
        {
            return Task.FromException(call.CreateException());
        }

        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            return Task.FromException(new InvalidOperationException("Can't write the message because the previous write is in progress."));
        }

        return WriteCoreAsync(message, cancellationToken);
    }

    public Task CompleteAsync()
    {
        if (Volatile.Read(ref _writing) != 0)
        {
            return Task.FromException(new InvalidOperationException("Can't complete the client stream writer because the previous write is in progress."));
        }

        _completeCalled = true;
        content.Complete();
        return Task.CompletedTask;
    }

    private async Task WriteCoreAsync(TRequest message, CancellationToken cancellationToken)
    {
        var buffer = MessageBuffer.Rent(call.Channel.Options.MaxSendMessageSize);
        var registration = cancellationToken.UnsafeRegister(static state => ((ClientCall)state!).CancelByCaller(), call);
        try
        {
            var stream = await content.Stream;
            content.IsStarted = true;
            await stream.WriteAsync(Serialize(message, buffer), call.Stop.Token);
            if (WriteOptions?.Flags.HasFlag(WriteFlags.BufferHint) != true)
            {
                await stream.FlushAsync(call.Stop.Token);
            }
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw await ExplainAsync(exception);
        }
        finally
        {
            registration.Unregister();
            buffer.Return();
            Volatile.Write(ref _writing, 0);
        }
    }

    private ReadOnlyMemory<byte> Serialize(TRequest message, MessageBuffer buffer)
    {
        try
        {
            serializer(message, buffer);
            return buffer.Finish();
        }
        catch (Exception exception)
        {
            throw call.Fail(exception);
        }
    }

    // A server that ended the call resets the rest of the request; its status says why.
    private async Task<Exception> ExplainAsync(Exception exception)
    {
        if (!call.IsCompleted)
        {
            await call.WaitForAnswerAsync();
        }

        return call.IsCompleted ? call.CreateException() : new RpcException(Failures.ToStatus(exception));
    }
}
