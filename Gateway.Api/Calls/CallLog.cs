using Grpc.Core;
using LlmGateway.Protos.Routing.V1;

namespace LlmGateway.Gateway.Calls;

/// <summary>The access log: one line for each call that passed the checks of key, body and limits, when it is over. No word of its client is in it.</summary>
internal sealed partial class CallLog(ILogger<CallLog> logger)
{
    private const int ClientClosedRequest = 499;

    /// <param name="context">The request.</param>
    /// <param name="request">The call.</param>
    /// <param name="isCached">The answer is one that was kept.</param>
    /// <param name="error">What the client was told; null after a whole answer.</param>
    public void Ended(HttpContext context, CallRequest request, bool isCached, ApiError? error)
    {
        var clock = CallClock.Of(context);
        if (error is null)
        {
            Log.Successful(
                logger, clock.Model, request.Caller.AccountId, Milliseconds(clock.Elapsed), context.TraceIdentifier, request.Caller.MaskedKey,
                clock.Provider, clock.Deployment, clock.Attempts, clock.PromptTokens, clock.OutputTokens, Usd.FromNano(clock.CostNanoUsd),
                request.Stream, isCached, StatusCodes.Status200OK, Milliseconds(clock.ProviderWait), Milliseconds(clock.Added));
            return;
        }

        Failed(error.Status >= 500 ? LogLevel.Warning : LogLevel.Information, context, request, error.Status, error.Outcome);
    }

    /// <summary>The client did not wait for the end. What it pays, Billing knows: its transactions have the request's id.</summary>
    public void Left(HttpContext context, CallRequest request) =>
        Failed(LogLevel.Information, context, request, ClientClosedRequest, "client_closed_request");

    public void RoutingFailed(RpcException exception, string requestId) => Log.RoutingFailed(logger, exception, requestId, exception.StatusCode);

    private void Failed(LogLevel level, HttpContext context, CallRequest request, int status, string code)
    {
        var clock = CallClock.Of(context);
        var (took, wait, added) = (Milliseconds(clock.Elapsed), Milliseconds(clock.ProviderWait), Milliseconds(clock.Added));
        Log.Failed(
            logger, level, clock.Model, request.Caller.AccountId, took, context.TraceIdentifier, request.Caller.MaskedKey,
            code, clock.Failure is CallFailure.Unspecified ? null : clock.Failure, status, clock.Provider.Length > 0 ? clock.Provider : null,
            clock.Deployment.Length > 0 ? clock.Deployment : null, clock.Attempts, request.Stream, wait, added);
    }

    private static double? Milliseconds(TimeSpan? time) => time is { } known ? Math.Round(known.TotalMilliseconds, 2) : null;

    // What the messages do not name is a field of the line all the same.
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "LLM call successful")]
        public static partial void Successful(
            ILogger logger, string model, string userId, double? durationMs, string requestId, string maskedKey, string provider, string deployment,
            int attempts, long promptTokens, long outputTokens, decimal costUsd, bool stream, bool cached, int status, double? providerWaitMs, double? addedMs);

        [LoggerMessage(EventId = 2, Message = "LLM call failed")]
        public static partial void Failed(
            ILogger logger, LogLevel level, string model, string userId, double? durationMs, string requestId, string maskedKey, string errorCode,
            CallFailure? failure, int status, string? provider, string? deployment, int attempts, bool stream, double? providerWaitMs, double? addedMs);

        [LoggerMessage(3, LogLevel.Warning, "Routing failed during call {RequestId}: {StatusCode}.")]
        public static partial void RoutingFailed(ILogger logger, Exception exception, string requestId, StatusCode statusCode);
    }
}
