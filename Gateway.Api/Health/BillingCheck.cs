using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Health;

/// <summary>As for any service, unless billing is off: calls then go on without Billing.Service, and their usage is counted when it is back.</summary>
internal sealed class BillingCheck(ServiceProbes probes, IOptions<BillingOptions> options) : IHealthCheck
{
    private readonly ServiceCheck _service = new(static probes => probes.Billing, probes);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var result = await _service.CheckHealthAsync(context, cancellationToken);
        return (options.Value.Enabled, result.Status) switch
        {
            (true, _) => result,
            (false, HealthStatus.Healthy) => HealthEndpoints.Disabled("No call is charged; usage is counted."),
            (false, _) => HealthCheckResult.Degraded($"No call is charged, and usage is counted later: {result.Description}", data: result.Data),
        };
    }
}
