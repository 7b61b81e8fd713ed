using Grpc.Core;

namespace Grpc.Net.Client;

// Unary and client-streaming calls. The task of RunAsync is the caller's, finished as the last action.
internal sealed class SingleResponseCall<TResponse>(
    GrpcChannel channel,
    IMethod method,
    Marshaller<TResponse> marshaller,
    string? host,
    in CallOptions options) : ClientCall(channel, method, host, options)
    where TResponse : class
{
    // Mostly brings the header and the message in one read.
    private const int BufferSize = 4096;

    private readonly Func<DeserializationContext, TResponse> _deserializer = marshaller.ContextualDeserializer;
    private Task<TResponse>? _running;
    private TResponse? _message;

    public Task<TResponse> Start(HttpContent content)
    {
        Begin(content);
        return _running = RunAsync(content);
    }

    internal override async Task WaitForAnswerAsync()
    {
        if (_running is not null)
        {
            await ((Task)_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override Status Judge(Status status) => status.StatusCode == StatusCode.OK && _message is null
        ? new Status(StatusCode.Internal, "Failed to deserialize response message: the server answered OK without a message.")
        : status;

    private async Task<TResponse> RunAsync(HttpContent content)
    {
        try
        {
            if (await SendAsync(content) is { } response)
            {
                _message = await ReadAsync(response);
                FinishByTrailers(response);
            }

            return GetStatus().StatusCode == StatusCode.OK ? _message! : throw CreateException();
        }
        catch (Exception exception) when (!IsCompleted)
        {
            throw Fail(exception);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw CreateException();
        }
    }

    private async ValueTask<TResponse?> ReadAsync(HttpResponseMessage response)
    {
        var stream = await response.Content.ReadAsStreamAsync(Stop.Token);
        var reader = new MessageReader(stream, GetEncoding(response), Channel.Options.MaxReceiveMessageSize, BufferSize, Stop.Token);
        try
        {
            var message = await reader.ReadAsync(_deserializer, waitFirst: false);
            return message is null || await reader.ReadAsync(_deserializer, waitFirst: false) is null
                ? message
                : throw new RpcException(new Status(StatusCode.Internal, "Unexpected data after finished reading message."));
        }
        finally
        {
            reader.Release();
        }
    }
}
