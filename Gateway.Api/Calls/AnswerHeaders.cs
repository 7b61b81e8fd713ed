using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Anthropic;
using LlmGateway.ServiceDefaults.Shutdown;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.Calls;

/// <summary>First in the pipeline: the headers that every answer has, whatever becomes of it.</summary>
internal sealed partial class AnswerHeaders(RequestDelegate next, GracefulShutdown shutdown, TimeProvider time, ILogger<AnswerHeaders> logger)
{
    private const int MaxClientId = 128;

    private static readonly StringValues NoContent = "default-src 'none'; frame-ancestors 'none'";
    private static readonly StringValues Deny = "DENY";
    private static readonly StringValues NoSniff = "nosniff";
    private static readonly StringValues OneYear = "max-age=31536000; includeSubDomains";

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        context.TraceIdentifier = RequestId.New(time);
        context.Features.Set(new CallClock(time));
        headers["x-request-id"] = context.TraceIdentifier;
        if (AnthropicSurface.Owns(context.Request))
        {
            headers["request-id"] = context.TraceIdentifier;
        }

        headers.ContentSecurityPolicy = NoContent;
        headers.XFrameOptions = Deny;
        headers.XContentTypeOptions = NoSniff;
        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = OneYear;
        }

        if (shutdown.HasBegun && !HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            // HTTP/2 connections are told to go away when the server stops.
            headers.Connection = "close";
        }

        if (ClientId(context.Request.Headers) is { } clientId)
        {
            headers["x-client-request-id"] = clientId;
            // Masked as keys are: whatever a client puts into a header may be one.
            Log.ClientId(logger, context.TraceIdentifier, MaskedSecret.Of(clientId));
        }

        return next(context);
    }

    // OpenAI's name for it, or the one that proxies use.
    private static string? ClientId(IHeaderDictionary headers)
    {
        var sent = headers.TryGetValue("x-client-request-id", out var own) ? own : headers["x-request-id"];
        return sent.Count > 0 ? Sanitize(sent[0]) : null;
    }

    internal static string? Sanitize(string? id)
    {
        if (string.IsNullOrEmpty(id))
        {
            return null;
        }

        if (id.Length <= MaxClientId && !id.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return id;
        }

        var clean = new string([.. id.Where(c => c is >= '!' and <= '~').Take(MaxClientId)]);
        return clean.Length > 0 ? clean : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Request {RequestId} is the client's {ClientRequestId}.")]
        public static partial void ClientId(ILogger logger, string requestId, string clientRequestId);
    }
}
