using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Limits;

/// <summary>Says where limits are counted. In memory against the configuration is degraded: with several gateways a key may then use more than its limit.</summary>
internal sealed class LimitsCheck(LimitStore store) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        !store.WantsRedis ? HealthCheckResult.Healthy("Counted in memory, as configured.")
        : store.InRedis ? HealthCheckResult.Healthy("Counted in Redis.")
        : new(context.Registration.FailureStatus, "Counted in memory, because Redis fails."));
}
