using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlmGateway.ServiceDefaults;

/// <summary>The server's side of our gRPC: what a caller may learn when a handler fails.</summary>
public static class GrpcServer
{
    public static IGrpcServerBuilder AddGrpcDefaults(this IHostApplicationBuilder builder, Action<GrpcServiceOptions>? configure = null) =>
        builder.Services.AddSingleton<OutageLog>().AddGrpc(options =>
        {
            options.Interceptors.Add<ExceptionInterceptor>();
            configure?.Invoke(options);
        });
}

/// <summary>Calls that found no database, a line a second at most: in an outage it is every call.</summary>
internal sealed partial class OutageLog(ILogger<OutageLog> logger, TimeProvider time)
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _written = time.GetTimestamp() - (long)(Pace.TotalSeconds * time.TimestampFrequency);
    private long _silent;

    public void Write(string method, string reason)
    {
        long silent;
        lock (_lock)
        {
            if (time.GetElapsedTime(_written) < Pace)
            {
                _silent++;
                return;
            }

            (_written, silent, _silent) = (time.GetTimestamp(), _silent, 0);
        }

        Log.DatabaseOutOfReach(logger, method, reason, silent);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Method} found no database: {Reason} So did {Count} calls since the last such line.")]
        public static partial void DatabaseOutOfReach(ILogger logger, string method, string reason, long count);
    }
}

/// <summary>
/// Turns what a handler threw into a status: the database out of reach is UNAVAILABLE, which callers may retry; a cancelled call is
/// CANCELLED; a status of the handler's own passes; everything else is INTERNAL without detail, and logged with it.
/// </summary>
internal sealed partial class ExceptionInterceptor(OutageLog outage, ILogger<ExceptionInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw Translate(exception, context);
        }
    }

    private RpcException Translate(Exception exception, ServerCallContext context)
    {
        // Once the call is over, whatever the handler met follows from that.
        if (exception is OperationCanceledException || context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "The call was cancelled."));
        }

        if (StoreFailure.IsOutOfReach(exception))
        {
            outage.Write(context.Method, exception.GetBaseException().Message);
            return new RpcException(new Status(StatusCode.Unavailable, "The database does not answer."));
        }

        Log.Failed(logger, context.Method, FailureText.Of(exception));
        return new RpcException(new Status(StatusCode.Internal, "The call failed inside the service."));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} failed: {Failure}")]
        public static partial void Failed(ILogger logger, string method, string failure);
    }
}
