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
    private const string Silent = "Keys.Service does not answer at the moment.";

    public int MaxBodyBytes => limits.Value.MaxBodyBytes;

    /// <summary>What calls cost us is for administrators only; operators see what customers pay.</summary>
    public static bool SeesInternals(HttpContext context) => Caller.Of(context).Role is Role.Administrator;

    public static Actor ActorOf(HttpContext context)
    {
        var caller = Caller.Of(context);
        return new() { AccountId = caller.AccountId, KeyId = caller.KeyId, MaskedKey = caller.MaskedKey, RequestId = context.TraceIdentifier };
    }

    /// <param name="handle">Answers.</param>
    /// <param name="query">The query parameters that it knows.</param>
    public RequestDelegate Handle(Func<HttpContext, Task<AdminAnswer>> handle, string[] query) => async context =>
    {
        // New secrets are among the answers, and none of the others is worth keeping either.
        context.Response.Headers.CacheControl = "no-store";
        var answer = AdminQuery.Unknown(context.Request.Query, query) is { } unknown ? unknown : await AskAsync(context, handle);
        await answer.WriteAsync(context);
    };

    private async Task<AdminAnswer> AskAsync(HttpContext context, Func<HttpContext, Task<AdminAnswer>> handle)
    {
        try
        {
            return await handle(context);
        }
        catch (RpcException exception) when (IsSilence(context, exception))
        {
            return Silence(context, exception, "Whether the change was made is not known: look before you repeat it.");
        }
    }

    /// <summary>Whether Keys.Service did not answer, and the client still waits.</summary>
    public static bool IsSilence(HttpContext context, RpcException exception) =>
        exception.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled && !context.RequestAborted.IsCancellationRequested;

    /// <param name="context">The request.</param>
    /// <param name="exception">What came in the place of an answer.</param>
    /// <param name="change">What became of the change that was asked for.</param>
    public ApiError Silence(HttpContext context, RpcException exception, string change)
    {
        Log.KeysSilent(logger, context.TraceIdentifier, exception.StatusCode);
        return ApiErrors.KeysUnavailable with
        {
            Message = HttpMethods.IsGet(context.Request.Method) ? Silent : $"{Silent} {change}",
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Keys.Service did not answer request {RequestId}: {StatusCode}.")]
        public static partial void KeysSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
