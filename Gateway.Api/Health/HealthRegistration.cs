using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

internal static class HealthRegistration
{
    private static readonly string[] Ready = ["ready"];

    public static void AddHealth(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<BillingOptions>().BindConfiguration(BillingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddOptions<HealthDetails>().BindConfiguration(HealthDetails.Section);
        builder.Services.AddSingleton<ServiceProbes>();
        builder.Services.AddSingleton<HealthHistory>();
        builder.Services.AddHostedService(services => services.GetRequiredService<HealthHistory>());
        builder.Services.AddSingleton<ServiceHealth>();
        builder.Services.AddSingleton<SystemState>();
        builder.Services.AddSingleton<MonitoringState>();
        builder.Services.AddHostedService<WarmUp>();
        builder.Services.AddHealthChecks()
            .AddService("keys", static probes => probes.Keys)
            .AddCheck<BillingCheck>("billing", HealthStatus.Unhealthy, Ready)
            .AddService("routing", static probes => probes.Routing)
            .AddCheck<RedisCheck>("redis", HealthStatus.Degraded, Ready);
    }

    private static IHealthChecksBuilder AddService(this IHealthChecksBuilder checks, string name, Func<ServiceProbes, ServiceProbe> choose) =>
        checks.Add(new(name, services => new ServiceCheck(choose, services.GetRequiredService<ServiceProbes>()), HealthStatus.Unhealthy, Ready));
}
