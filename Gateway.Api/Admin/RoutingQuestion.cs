using Grpc.Core;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Admin;

/// <summary>What Routing.Service says no to, and what its silence looks like.</summary>
internal sealed partial class RoutingQuestion(ILogger<RoutingQuestion> logger)
{
    public async Task<AdminAnswer> AskAsync(HttpContext context, Func<Task<AdminAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            switch (exception.StatusCode)
            {
                case StatusCode.NotFound:
                    return new ApiError(StatusCodes.Status404NotFound, ApiErrors.InvalidRequest, "not_found", Sentence(exception)) { Param = Field(exception) };
                case StatusCode.AlreadyExists:
                    return new ApiError(StatusCodes.Status409Conflict, ApiErrors.InvalidRequest, "conflict", Sentence(exception)) { Param = Field(exception) };
                case StatusCode.InvalidArgument:
                    return new ApiError(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", Sentence(exception)) { Param = Field(exception) };
                default:
                    Log.RoutingSilent(logger, context.TraceIdentifier, exception.StatusCode);
                    return ApiErrors.RoutingUnavailable;
            }
        }
    }

    // "seconds: must be ..."
    private static string? Field(RpcException exception) =>
        exception.Status.Detail.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? exception.Status.Detail[..colon] : null;

    private static string Sentence(RpcException exception) =>
        Field(exception) is { } field ? $"'{field}' {exception.Status.Detail[(field.Length + 2)..]}" : exception.Status.Detail;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Routing.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void RoutingSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
