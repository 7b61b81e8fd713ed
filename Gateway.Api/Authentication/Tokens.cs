using System.Text.Json;
using System.Text.Json.Serialization;
using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Authentication;

/// <summary>POST /auth/token: exchanges the key that the request came with for a token.</summary>
/// <remarks>
/// A token is not exchanged: it would live on for ever, and its end is what it is for. Neither is x-internal-auth: it belongs to services of
/// the operator's own, and a token of it would work where the key itself does not.
/// </remarks>
internal static partial class Tokens
{
    public static void MapTokens(this IEndpointRouteBuilder routes) => routes.MapPost("/auth/token", IssueAsync);

    private static async Task IssueAsync(
        HttpContext context, KeysApi.KeysApiClient keys, IOptions<AuthOptions> options, ILogger<KeysApi.KeysApiClient> logger)
    {
        var caller = Caller.Of(context);
        if (caller.ByToken || caller.Role == Role.Internal)
        {
            await OpenAiErrors.WriteAsync(context, ApiErrors.NotExchangeable);
            return;
        }

        try
        {
            var reply = await keys.IssueTokenAsync(new IssueTokenRequest { KeyId = caller.KeyId }, cancellationToken: context.RequestAborted);
            await (reply.OutcomeCase switch
            {
                IssueTokenReply.OutcomeOneofCase.Token => AnswerAsync(context, reply.Token),
                IssueTokenReply.OutcomeOneofCase.Refusal when reply.Refusal.Reason != RefusalReason.Unavailable =>
                    OpenAiErrors.WriteAsync(context, KeyRefusals.ToError(reply.Refusal.Reason, isToken: false, options.Value)),
                _ => OpenAiErrors.WriteAsync(context, ApiErrors.TokensUnavailable),
            });
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.NotIssued(logger, context.TraceIdentifier, exception.StatusCode);
            await OpenAiErrors.WriteAsync(context, ApiErrors.TokensUnavailable);
        }
    }

    private static Task AnswerAsync(HttpContext context, IssuedToken token)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.WriteJsonAsync(new TokenBody(token.Token, "Bearer", token.ExpiresIn?.Seconds ?? 0), TokenJson.Wire.TokenBody);
    }

    private static partial class Log
    {
        // Not the exception itself: nobody has looked at what it may quote.
        [LoggerMessage(1, LogLevel.Warning, "Keys.Service issued no token for request {RequestId}: {StatusCode}.")]
        public static partial void NotIssued(ILogger logger, string requestId, StatusCode statusCode);
    }
}

/// <summary>As OAuth 2.0 writes it (RFC 6749, section 5.1). Seconds.</summary>
internal sealed record TokenBody(string AccessToken, string TokenType, long ExpiresIn);

[JsonSerializable(typeof(TokenBody))]
internal sealed partial class TokenJson : JsonSerializerContext
{
    public static TokenJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
