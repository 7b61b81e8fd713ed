using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing;

/// <summary>Values that OpenTelemetry's conventions for generative AI ask for.</summary>
internal static class GenAi
{
    public static string ProviderOf(Deployment deployment) => deployment.Provider switch
    {
        ProviderName.Gemini => "gcp.gemini",
        ProviderName.Azure => "azure.ai.openai",
        var name => name,
    };

    public static string OperationOf(Dialect dialect) => dialect switch
    {
        Dialect.OpenaiEmbeddings => "embeddings",
        Dialect.OpenaiCompletions => "text_completion",
        _ => "chat",
    };
}
