using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;

namespace LlmGateway.Routing.Selection;

internal static class SelectionRegistration
{
    public static void AddSelection(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Traffic>();
        builder.Services.AddSingleton(Policies);
        builder.Services.AddSingleton<RouteSelector>();
    }

    private static SelectionPolicies Policies(IServiceProvider services)
    {
        var health = services.GetRequiredService<HealthBoard>();
        return new(
#pragma warning disable RS0030 // Random.Shared is the thread-safe one; classes take Random, and tests give them a seeded one.
            Random.Shared,
#pragma warning restore RS0030
            services.GetRequiredService<Traffic>(),
            services.GetRequiredService<EffectivePrices>(),
            deployment => deployment.Weight * health.Share(deployment),
            health.InFlight);
    }
}
