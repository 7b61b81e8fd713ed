using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>What is not sent to OpenAI and its like, and which of their APIs a call goes to. Talks to nobody.</summary>
internal static class OpenAiRefusals
{
    /// <summary>Before a body is written: what no hold covers, what another gateway would act on, and text that no writer can read.</summary>
    public static ProviderReply? Find(ProviderRequest request)
    {
        var body = (request.Passes(Dialect.OpenaiResponses) && TakesResponses(request) ? request.Client.Body : request.Prompt.Body).Span;
        return IsRead(request) && JsonText.FindBroken(body) is { } broken ? ProviderReply.NotText(broken)
            : (PaidFields.Find(body) ?? GatewayFields.Find(body, request.Deployment)) is { } field ? ProviderReply.Unsupported(request.Deployment, field)
            : null;
    }

    // The others are the client's own bytes, and the provider is to judge their text.
    private static bool IsRead(ProviderRequest request) =>
        request is not { Prompt: ChatRequest, Client.Dialect: Dialect.OpenaiChat, Deployment.Mode: ModelMode.Chat }
        || OpenAiModel.Of(request.Deployment) is not null || OpenAiModel.Of(request.Deployment.UpstreamModel) is not null
        || GatewayFields.MayBeGateway(request.Deployment);

    public static bool TakesResponses(ProviderRequest request) =>
        request is { Prompt: not EmbeddingRequest, Deployment.Mode: not ModelMode.Completion } && ResponsesCall.Takes(request);
}
