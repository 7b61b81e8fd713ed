using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Admin;

/// <summary>What surrounds every management endpoint: who asks, the bounds of a body, and what a silent Keys.Service looks like.</summary>
internal sealed partial class AdminEndpoint(IOptions<RequestLimits> limits, ILogger<AdminEndpoint> logger)
{
    public int MaxBodyBytes => limits.Value.MaxBodyBytes;

    public static Actor ActorOf(HttpContext context)
    {
        var caller = Caller.Of(context);
        return new() { AccountId = caller.AccountId, KeyId = caller.KeyId, MaskedKey = caller.MaskedKey, RequestId = context.TraceIdentifier };
    }

    public RequestDelegate Handle(Func<HttpContext, Task<AdminAnswer>> handle) => async context =>
    {
        // New secrets are among the answers, and none of the others is worth keeping either.
        context.Response.Headers.CacheControl = "no-store";
        var answer = await AskAsync(context, handle);
        await answer.WriteAsync(context);
    };

    private async Task<AdminAnswer> AskAsync(HttpContext context, Func<HttpContext, Task<AdminAnswer>> handle)
    {
        try
        {
            return await handle(context);
        }
        catch (RpcException exception) when (IsSilence(exception.StatusCode) && !context.RequestAborted.IsCancellationRequested)
        {
            Log.KeysSilent(logger, context.TraceIdentifier, exception.StatusCode);
            return Unavailable(HttpMethods.IsGet(context.Request.Method));
        }
    }

    private static bool IsSilence(StatusCode code) => code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled;

    private static ApiError Unavailable(bool isRead) => ApiErrors.KeysUnavailable with
    {
        Message = isRead
            ? "Keys.Service does not answer at the moment."
            : "Keys.Service does not answer at the moment. Whether the change was made is not known: look before you repeat it.",
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Keys.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void KeysSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
