using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Providers.Gemini;
using LlmGateway.Routing.Providers.Mock;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Providers;

internal static class ProviderRegistration
{
    public static void AddProviders(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ProvidersOptions>().BindConfiguration("Providers").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ProviderHttp>();
        builder.Services.AddSingleton<ProviderExchange>();
        builder.Services.AddSingleton<IProviderAdapter, OpenAiAdapter>();
        builder.Services.AddSingleton<IProviderAdapter, AnthropicAdapter>();
        builder.Services.AddSingleton<IProviderAdapter, GeminiAdapter>();
        builder.Services.AddSingleton<IProviderAdapter, MockAdapter>();
    }
}
