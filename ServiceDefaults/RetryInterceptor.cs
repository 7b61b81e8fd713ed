using System.Collections.Frozen;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Polly;
using Polly.Retry;

namespace LlmGateway.ServiceDefaults;

/// <summary>
/// Sends an idempotent unary call again when the service was unavailable, unless that says by <see cref="RetryPushback"/> that it stays so.
/// All attempts share the call's deadline, so an attempt after it fails without being sent. grpc-dotnet's own retries are a service config
/// by method name; here the proto file's idempotency_level decides, so that a new method cannot be forgotten or wrongly listed.
/// </summary>
internal sealed class RetryInterceptor : Interceptor
{
    private readonly FrozenSet<string> _idempotent;
    private readonly ResiliencePipeline _pipeline;

    public RetryInterceptor(FrozenSet<string> idempotent, GrpcServiceClientOptions options)
    {
        _idempotent = idempotent;
        _pipeline = options.Attempts < 2
            ? ResiliencePipeline.Empty
            : new ResiliencePipelineBuilder()
                .AddRetry(new RetryStrategyOptions
                {
                    ShouldHandle = static attempt => ValueTask.FromResult(
                        attempt.Outcome.Exception is RpcException { StatusCode: StatusCode.Unavailable } failure
                        && !RetryPushback.IsNotAgain(failure.Trailers)),
                    MaxRetryAttempts = options.Attempts - 1,
                    Delay = options.RetryDelay,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                })
                .Build();
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        if (!_idempotent.Contains(context.Method.FullName))
        {
            return continuation(request, context);
        }

        var call = new RepeatableCall<TRequest, TResponse>(request, context, continuation);
        var response = call.RunAsync(_pipeline);
        return new(response, call.HeadersAsync(response), call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <summary>One call as its caller sees it: the last attempt's headers, status and trailers.</summary>
    private sealed class RepeatableCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        Interceptor.AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class
    {
        private volatile AsyncUnaryCall<TResponse>? _attempt;
        private volatile bool _disposed;

        public async Task<TResponse> RunAsync(ResiliencePipeline pipeline)
        {
            try
            {
                return await pipeline.ExecuteAsync(
                    static async (call, _) => await call.AttemptAsync(), this, context.Options.CancellationToken);
            }
            catch (OperationCanceledException) when (context.Options.CancellationToken.IsCancellationRequested)
            {
                // Cancelled between two attempts.
                throw new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client."));
            }
        }

        public async Task<Metadata> HeadersAsync(Task response)
        {
            await response.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            return _attempt is { } attempt ? await attempt.ResponseHeadersAsync : [];
        }

        public Status GetStatus() => Attempt.GetStatus();

        public Metadata GetTrailers() => Attempt.GetTrailers();

        public void Dispose()
        {
            _disposed = true;
            _attempt?.Dispose();
        }

        private AsyncUnaryCall<TResponse> Attempt => _attempt ?? throw new InvalidOperationException("The call has not started.");

        private async Task<TResponse> AttemptAsync()
        {
            if (_disposed)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "gRPC call disposed."));
            }

            _attempt = continuation(request, context);
            return await _attempt.ResponseAsync;
        }
    }
}
