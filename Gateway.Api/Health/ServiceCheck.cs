using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>A service that cannot be reached, or has not been warmed yet, makes the gateway unhealthy.</summary>
internal sealed class ServiceCheck(Func<ServiceProbes, ServiceProbe> choose, ServiceProbes probes) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var probe = choose(probes);
        var (status, latency) = await probe.AskAsync().WaitAsync(cancellationToken);
        var data = CheckLatency.With(latency);
        return (status, probe.IsWarm) switch
        {
            (StatusCode.OK, true) => HealthCheckResult.Healthy(data: data),
            (StatusCode.OK, false) => new(context.Registration.FailureStatus, "Answers, and is being warmed up.", data: data),
            _ => new(context.Registration.FailureStatus, $"Does not answer ({status}).", data: data),
        };
    }
}
