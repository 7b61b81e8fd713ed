using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>Google's Gemini API (ai.google.dev/api). Without alt=sse its stream would be one JSON array.</summary>
internal sealed class GeminiAdapter(ProviderExchange exchange, TimeProvider time) : IProviderAdapter
{
    public string Name => ProviderName.Gemini;

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var body = new PooledBuffer(request.Prompt.Body.Length + 512);
        var embeddings = request.Prompt is EmbeddingRequest prompt ? new GeminiEmbeddings(prompt, request.Deployment) : null;
        if ((embeddings is null ? GeminiWire.Write(request, body) : embeddings.WriteRequest(body)) is { } fault)
        {
            body.Dispose();
            return new ProviderReply(null, fault, 0);
        }

        var method = embeddings is not null ? "batchEmbedContents" : request.Stream ? "streamGenerateContent?alt=sse" : "generateContent";
        var message = ProviderExchange.Message(Address(request.Deployment, method), request, body);
        Authorize(message, request.Deployment);
        var reply = await exchange.SendAsync(
            held, message, body, (status, error, retryAfter) => GeminiErrors.Classify(status, error, retryAfter, request.Deployment), cancellationToken);
        return embeddings is null
            ? reply with { Translator = new GeminiAnswer(request.Deployment, time) }
            : reply with { Wire = Dialect.OpenaiEmbeddings, Translator = embeddings };
    }

    private static Uri Address(Deployment deployment, string method) =>
        new(deployment.BaseAddress!, $"models/{Uri.EscapeDataString(deployment.UpstreamModel)}:{method}");

    private static void Authorize(HttpRequestMessage message, Deployment deployment)
    {
        if (deployment.Key is { } key)
        {
            message.Headers.Add("x-goog-api-key", key.Reveal());
        }
    }
}
