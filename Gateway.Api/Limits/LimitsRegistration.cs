using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace LlmGateway.Gateway.Limits;

internal static class LimitsRegistration
{
    public static void AddLimits(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<LimitOptions>().BindConfiguration(LimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<LimitOptions>, LimitOptionsValidator>();
        services.AddSingleton<LimitPlans>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<LimitStore>(provider, Redis(provider)));
        services.AddSingleton<RequestLimiter>();
        services.AddSingleton<AddressLimits>();
        services.AddSingleton<LimitLog>();
        services.AddHostedService<LimitStoreWatch>();
        services.AddHealthChecks().AddCheck<LimitsCheck>("limits", HealthStatus.Degraded, ["ready"]);
    }

    public static bool AreInMemory(IConfiguration configuration) =>
        configuration.GetSection(LimitOptions.Section).Get<LimitOptions>() is { InMemory: true };

    // ActivatorUtilities takes no null for a parameter.
    private static object[] Redis(IServiceProvider provider) => provider.GetService<IConnectionMultiplexer>() is { } redis ? [redis] : [];
}
