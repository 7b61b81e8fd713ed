using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server;

// How a call ends: one status, in the trailers, or in the headers when nothing was sent before.
internal sealed partial class HttpContextServerCallContext
{
    public Task EndAsync()
    {
        if (!TryEnd())
        {
            return AwaitDeadlineEndAsync();
        }

        _timer?.Dispose();
        WriteStatus(StatusCore);
        return Task.CompletedTask;
    }

    // The request may not be finished under the timer's hands.
    private async Task AwaitDeadlineEndAsync()
    {
        await _deadlineEnd!.Task;
        _timer!.Dispose();
    }

    public Task EndAsync(Exception exception)
    {
        StatusCore = ToStatus(exception);
        return EndAsync();
    }

    private Status ToStatus(Exception exception)
    {
        if (exception is RpcException rpc)
        {
            Log.RpcFailed(logger, method.FullName, rpc.StatusCode, rpc.Status.Detail, rpc.Status.DebugException);
            foreach (var entry in rpc.Trailers)
            {
                ResponseTrailersCore.Add(entry);
            }

            return rpc.Status;
        }

        if (IsCancelled)
        {
            Log.Cancelled(logger, exception, method.FullName);
            return Status.DefaultCancelled;
        }

        Log.HandlerFailed(logger, exception, method.FullName);
        const string Detail = "Exception was thrown by handler.";
        return new Status(StatusCode.Unknown, Options.EnableDetailedErrors ? $"{Detail} {Describe(exception)}" : Detail, exception);
    }

    private static string Describe(Exception exception) => exception.InnerException is { } inner
        ? $"{exception.GetType().Name}: {exception.Message} {Describe(inner)}"
        : $"{exception.GetType().Name}: {exception.Message}";

    private void WriteStatus(Status status)
    {
        var response = HttpContext.Response;
        var headers = response.HasStarted ? HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers : response.Headers;
        if (headers is null)
        {
            return;
        }

        // First: a name of the same spelling among the trailers may not take its place.
        headers.GrpcStatus = StatusNumbers.ToWire(status.StatusCode);
        if (status.Detail.Length > 0)
        {
            headers.GrpcMessage = StatusMessages.Encode(status.Detail);
        }

        if (_responseTrailers is not null)
        {
            AddMetadata(headers, _responseTrailers);
        }

        if (HttpContext.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            activity.SetTag("grpc.status_code", (int)status.StatusCode);
        }
    }

    private void AddMetadata(IHeaderDictionary headers, Metadata metadata)
    {
        foreach (var entry in metadata)
        {
            if (HeaderMetadata.IsReservedInResponses(entry.Key))
            {
                continue;
            }

            try
            {
                // Not Append, which takes an empty value for none.
                headers[entry.Key] = StringValues.Concat(headers[entry.Key], HeaderMetadata.ToWire(entry));
            }
            catch (InvalidOperationException exception)
            {
                // HTTP has no such value (control characters, beyond ASCII): the status is worth more than the entry.
                Log.BadMetadata(logger, exception, entry.Key, method.FullName);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Error when executing service method '{Method}'.")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string method);

        [LoggerMessage(2, LogLevel.Information, "Method '{Method}' raised status {StatusCode} with detail '{Detail}'.")]
        public static partial void RpcFailed(ILogger logger, string method, StatusCode statusCode, string detail, Exception? exception);

        [LoggerMessage(3, LogLevel.Debug, "The client left while method '{Method}' ran.")]
        public static partial void Cancelled(ILogger logger, Exception exception, string method);

        [LoggerMessage(4, LogLevel.Debug, "The deadline of method '{Method}' passed.")]
        public static partial void DeadlineExceeded(ILogger logger, string method);

        [LoggerMessage(5, LogLevel.Debug, "The deadline of method '{Method}' passed, and the client was gone already.")]
        public static partial void DeadlineUnsent(ILogger logger, Exception exception, string method);

        [LoggerMessage(7, LogLevel.Error, "A callback on the cancellation token of method '{Method}' failed.")]
        public static partial void CallbackFailed(ILogger logger, Exception exception, string method);

        [LoggerMessage(6, LogLevel.Error, "Metadata '{Key}' of method '{Method}' cannot be sent in an HTTP header and is left out.")]
        public static partial void BadMetadata(ILogger logger, Exception exception, string key, string method);
    }
}
