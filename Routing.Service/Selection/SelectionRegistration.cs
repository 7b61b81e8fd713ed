namespace LlmGateway.Routing.Selection;

internal static class SelectionRegistration
{
    public static void AddSelection(this IHostApplicationBuilder builder)
    {
#pragma warning disable RS0030 // Random.Shared is the thread-safe one; classes take Random, and tests give them a seeded one.
        builder.Services.AddSingleton(_ => new SelectionPolicies(Random.Shared));
#pragma warning restore RS0030
        builder.Services.AddSingleton<RouteSelector>();
    }
}
