using Grpc.Core;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Admin;

/// <summary>What Billing.Service says no to, and what its silence looks like.</summary>
internal sealed partial class BillingQuestion(ILogger<BillingQuestion> logger)
{
    public async Task<AdminAnswer> AskAsync(HttpContext context, Func<Task<AdminAnswer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            if (exception.StatusCode == StatusCode.InvalidArgument)
            {
                return Invalid(context, exception.Status.Detail);
            }

            Log.BillingSilent(logger, context.TraceIdentifier, exception.StatusCode);
            return HttpMethods.IsGet(context.Request.Method) ? ApiErrors.BillingUnavailable
                : HttpMethods.IsPost(context.Request.Method) && IsUnsent(exception) ? Unsent
                : Unknown;
        }
    }

    private static ApiError Unknown => ApiErrors.BillingUnavailable with
    {
        Message = "Billing does not answer at the moment. Whether the change was made is not known: repeat it with its idempotency key, or look.",
    };

    private static ApiError Unsent => ApiErrors.BillingUnavailable with { Message = "Billing does not answer at the moment. Nothing was changed." };

    // POST is for what is sent once only. Of what the client repeats by itself, an earlier attempt may have arrived.
    private static bool IsUnsent(RpcException exception)
    {
        for (var cause = exception.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError })
            {
                return true;
            }
        }

        return false;
    }

    // "alerts[0].amount: must be ..."
    private static ApiError Invalid(HttpContext context, string detail)
    {
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        if (colon < 0)
        {
            return new(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", detail);
        }

        var field = NameOf(context, detail[..colon]);
        return new(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", $"'{field}' {detail[(colon + 2)..]}") { Param = field };
    }

    // What Billing calls the account's or the call's id, the path calls id.
    private static string NameOf(HttpContext context, string field) =>
        field is "account_id" or "request_id" && context.Request.RouteValues.ContainsKey("id") ? "id" : field;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void BillingSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
