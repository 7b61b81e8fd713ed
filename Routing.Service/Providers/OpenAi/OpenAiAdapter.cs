using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>OpenAI, Azure OpenAI, and every server that speaks their chat API.</summary>
internal sealed class OpenAiAdapter(ProviderExchange exchange) : IProviderAdapter
{
    public string Name => ProviderName.OpenAi;

    public bool Speaks(Dialect dialect) => dialect is Dialect.OpenaiChat or Dialect.OpenaiResponses;

    public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        if (ResponsesCall.Takes(request))
        {
            return ResponsesCall.SendAsync(exchange, held, request, cancellationToken);
        }

        if ((request.Client.NativeOnly ?? GatewayFields.Find(request.Chat.Body.Span, request.Deployment)) is { } field)
        {
            return Task.FromResult(ProviderReply.Unsupported(request.Deployment, field));
        }

        var body = new PooledBuffer(request.Chat.Body.Length + 256);
        OpenAiWire.Write(request.Chat, request.Deployment, request.Stream, request.MaxTokens, body);
        var message = ProviderExchange.Message(OpenAiEndpoint.Address(request.Deployment, "chat/completions"), request, body);
        OpenAiEndpoint.Authorize(message, request.Deployment);
        return exchange.SendAsync(
            held, message, body, (status, error, retryAfter) => OpenAiErrors.Classify(status, error, retryAfter, request.Deployment), cancellationToken);
    }
}
