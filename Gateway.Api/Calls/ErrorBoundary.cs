using LlmGateway.ServiceDefaults;

namespace LlmGateway.Gateway.Calls;

/// <summary>Turns whatever nobody caught into an answer without detail, and a log line with all of it that quotes no client.</summary>
/// <remarks>
/// The framework's exception handler clears the headers that are set already (x-request-id among them), and knows neither clients
/// that left nor answers that break off on purpose: it would log both as errors.
/// </remarks>
internal sealed partial class ErrorBoundary(RequestDelegate next, ILogger<ErrorBoundary> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (context.RequestAborted.IsCancellationRequested)
        {
            Log.ClientLeft(logger, context.TraceIdentifier, exception.GetType().Name);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.Malformed(exception.StatusCode));
        }
        catch (Exception exception) when (exception is not AnswerBrokenOffException)
        {
            var method = HttpMethodName.Of(context.Request.Method);
            Log.Failed(logger, context.TraceIdentifier, method, context.GetEndpoint()?.DisplayName, FailureText.Of(exception));
            if (context.Response.HasStarted)
            {
                // The server logs what it meets, message and all.
                throw new AnswerBrokenOffException("internal_error");
            }

            await ClientSurface.Of(context).WriteErrorAsync(context, ApiErrors.Internal);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The client of request {RequestId} left: {Reason}.")]
        public static partial void ClientLeft(ILogger logger, string requestId, string reason);

        [LoggerMessage(2, LogLevel.Error, "Request {RequestId} ({Method} {Endpoint}) failed: {Failure}")]
        public static partial void Failed(ILogger logger, string requestId, string method, string? endpoint, string failure);
    }
}
