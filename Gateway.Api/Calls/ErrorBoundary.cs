using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Calls;

/// <summary>Turns whatever nobody caught into an answer without detail, and a log line with all of it.</summary>
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
            Log.ClientLeft(logger, exception, context.TraceIdentifier);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await OpenAiErrors.WriteAsync(context, ApiErrors.Malformed(exception.StatusCode));
        }
        catch (Exception exception) when (exception is not AnswerBrokenOffException)
        {
            Log.Failed(logger, exception, context.TraceIdentifier, context.Request.Method, context.GetEndpoint()?.DisplayName);
            if (context.Response.HasStarted)
            {
                throw;
            }

            await OpenAiErrors.WriteAsync(context, ApiErrors.Internal);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The client of request {RequestId} left.")]
        public static partial void ClientLeft(ILogger logger, Exception exception, string requestId);

        [LoggerMessage(2, LogLevel.Error, "Request {RequestId} ({Method} {Endpoint}) failed.")]
        public static partial void Failed(ILogger logger, Exception exception, string requestId, string method, string? endpoint);
    }
}
