using Grpc.Core;

namespace Grpc.Net.Client;

// Server-streaming and duplex calls: the call is also the stream that its caller reads.
internal sealed class ResponseStreamCall<TResponse>(
    GrpcChannel channel,
    IMethod method,
    Marshaller<TResponse> marshaller,
    string? host,
    in CallOptions options) : ClientCall(channel, method, host, options), IAsyncStreamReader<TResponse>
    where TResponse : class
{
    // A frame's largest size.
    private const int BufferSize = 16 * 1024;

    private static readonly Task<bool> False = Task.FromResult(false);

    private readonly Func<DeserializationContext, TResponse> _deserializer = marshaller.ContextualDeserializer;
    private Task<HttpResponseMessage?>? _sending;
    private MessageReader? _reader;
    private TResponse? _current;
    private int _reading;

    public TResponse Current => _current!;

    public void Start(HttpContent content)
    {
        Begin(content);
        _sending = RunAsync(content);
    }

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (IsDisposed)
        {
            return Task.FromException<bool>(new ObjectDisposedException(GetType().Name));
        }

        if (IsCompleted)
        {
            return AtEnd();
        }

        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            return Task.FromException<bool>(new InvalidOperationException("Can't read the next message because the previous read is in progress."));
        }

        if (cancellationToken.IsCancellationRequested)
        {
            CancelByCaller();
        }

        return MoveNextAsync(cancellationToken);
    }

    internal override async Task WaitForAnswerAsync()
    {
        if (_sending is not null)
        {
            await ((Task)_sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Never fails: what went wrong is the call's status, and reading tells it.
    private async Task<HttpResponseMessage?> RunAsync(HttpContent content)
    {
        try
        {
            return await SendAsync(content);
        }
        catch (Exception exception)
        {
            Fail(exception);
            return null;
        }
    }

    private Task<bool> AtEnd()
    {
        _current = null;
        return GetStatus().StatusCode == StatusCode.OK ? False : Task.FromException<bool>(CreateException());
    }

    private async Task<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static call => ((ClientCall)call!).CancelByCaller(), this);
        try
        {
            _current = null;
            if (await _sending! is { } response)
            {
                _reader ??= await OpenAsync(response);
                _current = await _reader.ReadAsync(_deserializer, waitFirst: true);
                if (_current is not null)
                {
                    return true;
                }

                FinishByTrailers(response);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        finally
        {
            registration.Unregister();
            if (_current is null)
            {
                _reader?.Release();
            }

            Volatile.Write(ref _reading, 0);
        }

        return await AtEnd();
    }

    private async Task<MessageReader> OpenAsync(HttpResponseMessage response) => new(
        await response.Content.ReadAsStreamAsync(Stop.Token),
        GetEncoding(response),
        Channel.Options.MaxReceiveMessageSize,
        BufferSize,
        Stop.Token);
}
