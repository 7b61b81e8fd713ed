using LlmGateway.Routing.Providers.Mock;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Providers;

internal static class ProviderRegistration
{
    public static void AddProviders(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<ProvidersOptions>().BindConfiguration("Providers").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ProviderHttp>();
        builder.Services.AddSingleton<IProviderAdapter, OpenAiAdapter>();
        builder.Services.AddSingleton<IProviderAdapter, MockAdapter>();
    }
}
