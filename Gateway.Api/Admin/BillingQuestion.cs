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
                return Invalid(exception.Status.Detail);
            }

            Log.BillingSilent(logger, context.TraceIdentifier, exception.StatusCode);
            return HttpMethods.IsGet(context.Request.Method) ? ApiErrors.BillingUnavailable : Unknown;
        }
    }

    private static ApiError Unknown => ApiErrors.BillingUnavailable with
    {
        Message = "Billing does not answer at the moment. Whether the change was made is not known: repeat it with its idempotency key, or look.",
    };

    // "alerts[0].amount: must be ..."
    private static ApiError Invalid(string detail)
    {
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0
            ? new(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", detail)
            : new(StatusCodes.Status400BadRequest, ApiErrors.InvalidRequest, "invalid_value", $"'{detail[..colon]}' {detail[(colon + 2)..]}")
            {
                Param = detail[..colon],
            };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void BillingSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
