using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>OpenAI, Azure OpenAI, and every server that speaks their chat API.</summary>
internal sealed class OpenAiAdapter(ProviderExchange exchange) : IProviderAdapter
{
    public string Name => ProviderName.OpenAi;

    public bool Speaks(Dialect dialect) => dialect is Dialect.OpenaiChat or Dialect.OpenaiResponses;

    public async Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        if (OpenAiRefusals.Find(request) is { } refused)
        {
            return refused;
        }

        request = OpenAiPlain.Of(request);
        if (OpenAiRefusals.TakesResponses(request))
        {
            return await ResponsesCall.SendAsync(exchange, held, request, cancellationToken);
        }

        if (request.Client.NativeOnly is { } field)
        {
            return ProviderReply.Unsupported(request.Deployment, field);
        }

        var body = new PooledBuffer(request.Prompt.Body.Length + 256);
        var (path, wire) = Write(request, body);
        var message = ProviderExchange.Message(OpenAiEndpoint.Address(request.Deployment, path), request, body);
        OpenAiEndpoint.Authorize(message, request.Deployment);
        var reply = await exchange.SendAsync(
            held, message, body, (status, error, retryAfter) => OpenAiErrors.Classify(status, error, retryAfter, request.Deployment), cancellationToken);
        return reply with { Wire = wire, Translator = Translator(request, wire) };
    }

    private static (string Path, Dialect Wire) Write(ProviderRequest request, PooledBuffer body)
    {
        switch (request.Prompt)
        {
            case EmbeddingRequest embeddings:
                OpenAiBody.Embeddings(embeddings, request.Deployment, body);
                return ("embeddings", Dialect.OpenaiEmbeddings);
            case CompletionRequest completion when request.Deployment.Mode == ModelMode.Completion:
                OpenAiBody.Completion(completion, request.Deployment, request.Stream, request.MaxTokens, body);
                return ("completions", Dialect.OpenaiCompletions);
            default:
                OpenAiWire.Write(request.Chat, request.Deployment, request.Stream, request.MaxTokens, body);
                return ("chat/completions", Dialect.OpenaiChat);
        }
    }

    private static IAnswerTranslator? Translator(ProviderRequest request, Dialect wire) =>
        request.Prompt is EmbeddingRequest embeddings ? new EmbeddingFormat(embeddings.IsBase64)
        : wire == Dialect.OpenaiChat && request.Deployment.Provider is not (ProviderName.OpenAi or ProviderName.Azure) ? new CompatibleAnswer(request.Deployment)
        : null;
}
