using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// OpenAI's Responses API, where a call goes there: of models that are served by nothing else, of clients that speak it themselves, and of
/// reasoning models that take functions on no other path.
/// </summary>
internal static class ResponsesCall
{
    /// <summary>
    /// Our clients' own dialect is worth asking for at OpenAI alone: of compatible servers, few have it, and a file says which by its mode.
    /// </summary>
    public static bool Takes(ProviderRequest request) => request.Deployment.Mode == ModelMode.Responses
        || (request.Deployment.Provider == ProviderName.OpenAi
            && (request.Passes(Dialect.OpenaiResponses) || ResponsesModel.NeedsResponses(request.Deployment.UpstreamModel, request.Chat)));

    public static Task<ProviderReply> SendAsync(ProviderExchange exchange, HeldCall held, ProviderRequest request, CancellationToken cancellationToken) =>
        request.Passes(Dialect.OpenaiResponses)
            ? PassAsync(exchange, held, request, cancellationToken)
            : TranslateAsync(exchange, held, request, cancellationToken);

    private static async Task<ProviderReply> PassAsync(
        ProviderExchange exchange, HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var body = new PooledBuffer(request.Client.Body.Length + 256);
        ResponsesBody.Write(request, body);
        var reply = await PostAsync(exchange, held, request, body, cancellationToken);
        return reply with { Wire = Dialect.OpenaiResponses };
    }

    private static async Task<ProviderReply> TranslateAsync(
        ProviderExchange exchange, HeldCall held, ProviderRequest request, CancellationToken cancellationToken)
    {
        var body = new PooledBuffer(request.Chat.Body.Length + 1024);
        if (new ResponsesWire(request).Write(body) is { } unsupported)
        {
            body.Dispose();
            return ProviderReply.Unsupported(request.Deployment, unsupported);
        }

        var reply = await PostAsync(exchange, held, request, body, cancellationToken);
        return reply with { Translator = new ResponsesAnswer(request.Deployment) };
    }

    private static Task<ProviderReply> PostAsync(
        ProviderExchange exchange, HeldCall held, ProviderRequest request, PooledBuffer body, CancellationToken cancellationToken)
    {
        var message = ProviderExchange.Message(OpenAiEndpoint.Address(request.Deployment, "responses"), request, body);
        OpenAiEndpoint.Authorize(message, request.Deployment);
        return exchange.SendAsync(
            held, message, body, (status, error, retryAfter) => OpenAiErrors.Classify(status, error, retryAfter, request.Deployment), cancellationToken);
    }
}
