using Grpc.Core;

namespace Grpc.AspNetCore.Server;

internal sealed class RequestStream<T>(HttpContextServerCallContext call, Func<DeserializationContext, T> deserializer) : IAsyncStreamReader<T>
    where T : class
{
    private static readonly Task<bool> True = Task.FromResult(true);
    private static readonly Task<bool> False = Task.FromResult(false);

    private T? _current;
    private int _reading;
    private bool _ended;

    public T Current => _current!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<bool>(cancellationToken);
        }

        if (call.IsOver)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read messages after the request is complete."));
        }

        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read the next message because the previous read is in progress."));
        }

        if (_ended)
        {
            return Finish(null);
        }

        var read = call.ReadNextAsync(deserializer, cancellationToken);
        return read.IsCompletedSuccessfully ? Finish(read.Result) : AwaitAsync(read);
    }

    private Task<bool> Finish(T? message)
    {
        _current = message;
        _ended = message is null;
        Volatile.Write(ref _reading, 0);
        return message is null ? False : True;
    }

    private async Task<bool> AwaitAsync(ValueTask<T?> read)
    {
        T? message = null;
        try
        {
            message = await read;
            _current = message;
            _ended = message is null;
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }

        return message is not null;
    }
}
