using Grpc.Core;

namespace Grpc.AspNetCore.Server;

internal sealed class ResponseStream<T>(HttpContextServerCallContext call, Action<T, SerializationContext> serializer) : IServerStreamWriter<T>
    where T : class
{
    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(T message) => WriteAsync(message, CancellationToken.None);

    public Task WriteAsync(T message, CancellationToken cancellationToken)
    {
        if (message is null)
        {
            return Task.FromException(new ArgumentNullException(nameof(message)));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        if (call.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Task.FromException(Over());
        }

        var write = call.WriteAsync(message, serializer, WriteOptions, flush: true, cancellationToken);
        if (!write.IsCompletedSuccessfully)
        {
            return AwaitAsync(write);
        }

        return write.Result ? Task.CompletedTask : Task.FromException(Over());
    }

    private static async Task AwaitAsync(ValueTask<bool> write)
    {
        if (!await write)
        {
            throw Over();
        }
    }

    private static InvalidOperationException Over() => new("Can't write the message because the request is complete.");
}
