using System.Net.Http.Headers;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>Where and as whom an OpenAI-compatible API is called.</summary>
internal static class OpenAiEndpoint
{
    /// <param name="deployment">Where.</param>
    /// <param name="path">After the API's root.</param>
    public static Uri Address(Deployment deployment, string path) =>
        new(deployment.BaseAddress!, deployment.ApiVersion is { } version ? $"{path}?api-version={Uri.EscapeDataString(version)}" : path);

    public static void Authorize(HttpRequestMessage message, Deployment deployment)
    {
        if (deployment.Key is not { } key)
        {
            return;
        }

        // Azure takes a Bearer for a token of Entra, and its own keys here only.
        if (deployment.Provider == ProviderName.Azure)
        {
            message.Headers.TryAddWithoutValidation("api-key", key.Reveal());
        }
        else
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key.Reveal());
        }
    }
}
