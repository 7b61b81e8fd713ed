using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Providers;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Catalog;

internal static class CatalogRegistration
{
    public static void AddCatalog(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CatalogOptions>().BindConfiguration("Catalog").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<CatalogStore>();
        builder.Services.AddSingleton<CatalogLoader>();
        builder.Services.AddSingleton<CatalogChanges>();
        builder.Services.AddHostedService<CatalogReload>();
        AddDiscovery(builder, ProviderName.LlmServer, providers => providers.LlmServer);
        AddDiscovery(builder, ProviderName.LiteLlm, providers => providers.LiteLlm);
        builder.AddGrpcServiceClient<PricesApi.PricesApiClient>("billing");
        builder.Services.AddSingleton<EffectivePrices>();
        builder.Services.AddHostedService(services => services.GetRequiredService<EffectivePrices>());
        builder.Services.AddSingleton<PriceAnnouncer>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PriceAnnouncer>());
        builder.Services.AddHealthChecks().AddCheck<PriceAnnouncer>("prices", tags: [HealthEndpoints.Ready]);
    }

    // One type for both, so AddHostedService would keep the first only.
    private static void AddDiscovery(IHostApplicationBuilder builder, string provider, Func<ProvidersOptions, ProviderAccount> account) =>
        builder.Services.AddSingleton<IHostedService>(services => ActivatorUtilities.CreateInstance<ServerDiscovery>(
            services, provider, account(services.GetRequiredService<IOptions<ProvidersOptions>>().Value)));

    /// <summary>Loads the catalogue; says what is wrong with it, and nothing else, when it cannot be used.</summary>
    /// <returns>False when the start must stop.</returns>
    public static bool TryLoadCatalog(this WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<CatalogLoader>().Load();
            return true;
        }
        catch (CatalogException e)
        {
            foreach (var error in e.Errors)
            {
                Console.Error.WriteLine(error);
            }

            Console.Error.WriteLine("Routing.Service does not start: the model catalogue cannot be used.");
            return false;
        }
    }
}
