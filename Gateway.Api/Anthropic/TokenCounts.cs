using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Routing.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>
/// POST /v1/messages/count_tokens: what a prompt comes to, by our own estimate. No provider is asked, because none is without money held
/// for the call.
/// </summary>
internal sealed class TokenCounts(RoutingApi.RoutingApiClient routing, ModelAccess access, IOptions<RequestLimits> limits)
{
    public async Task CountAsync(HttpContext context)
    {
        var (read, fault) = await RequestBody.ReadAsync(context, limits.Value.MaxBodyBytes);
        if (read is null)
        {
            await AnthropicErrors.WriteAsync(context, fault!);
            return;
        }

        using var body = read;
        var refusal = MessagesRequest.Read(body.Bytes.Span, out var request)
            ?? (await access.ChooseAsync(Caller.Of(context), request.Model)).Refusal;
        if (refusal is not null)
        {
            await AnthropicErrors.WriteAsync(context, refusal);
            return;
        }

        try
        {
            // Copied, because a call that fails may still be read from.
            var reply = await routing.CountTokensAsync(
                new() { Dialect = Dialect.AnthropicMessages, Body = ByteString.CopyFrom(body.Bytes.Span), Model = request.Model }, cancellationToken: context.RequestAborted);
            await (reply.Failed is { } failed
                ? AnthropicErrors.WriteAsync(context, FailureWire.From(failed))
                : context.WriteJsonAsync(new TokenCountBody(reply.InputTokens), AnthropicJson.Wire.TokenCountBody));
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            await AnthropicErrors.WriteAsync(context, FailureWire.From(exception));
        }
    }
}

internal sealed record TokenCountBody(long InputTokens);
