using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Calls;

/// <summary>Which deployments do what a call asks for: a model of embeddings does not chat, and one that chats makes no embeddings.</summary>
internal static class ModelFit
{
    /// <summary>Why no deployment of the model does; null when one does.</summary>
    public static CallFault? Fault(CatalogModel model, PromptRequest request) =>
        Among(model.Deployments, request).Count > 0 ? null : Fault(model.Deployments[0], request);

    /// <summary>Those that do, in their order.</summary>
    public static IReadOnlyList<Deployment> Among(IReadOnlyList<Deployment> candidates, PromptRequest request) =>
        candidates.All(candidate => Fault(candidate, request) is null)
            ? candidates
            : [.. candidates.Where(candidate => Fault(candidate, request) is null)];

    private static CallFault? Fault(Deployment deployment, PromptRequest request) => (request, deployment.Mode) switch
    {
        (EmbeddingRequest, ModelMode.Embedding) => null,
        (EmbeddingRequest, _) => WrongModel(deployment, "makes no embeddings"),
        (_, ModelMode.Embedding) => WrongModel(deployment, "makes embeddings only: use /v1/embeddings"),
        (CompletionRequest, ModelMode.Completion) => null,
        (CompletionRequest completion, _) => completion.Unchattable?.ToFault(deployment),
        (_, ModelMode.Completion) => WrongModel(deployment, "completes texts only: use /v1/completions"),
        _ => null,
    };

    private static CallFault WrongModel(Deployment deployment, string what) =>
        new(CallFailure.InvalidRequest, $"The model '{deployment.ModelName}' {what}.") { Param = "model" };
}
