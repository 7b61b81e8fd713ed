using System.Net.Http.Headers;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>OpenAI, and every server that speaks its chat API.</summary>
internal sealed class OpenAiAdapter(ProviderExchange exchange) : IProviderAdapter
{
    public string Name => ProviderName.OpenAi;

    public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var body = new PooledBuffer(request.Chat.Body.Length + 256);
        OpenAiWire.Write(request.Chat, request.Deployment, request.Stream, request.MaxTokens, body);
        var message = ProviderExchange.Message(new Uri(request.Deployment.BaseAddress!, "chat/completions"), request, body);
        if (request.Deployment.Key is { } key)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal());
        }

        return exchange.SendAsync(
            held, message, body, (status, error, retryAfter) => OpenAiErrors.Classify(status, error, retryAfter, request.Deployment), cancellationToken);
    }
}
