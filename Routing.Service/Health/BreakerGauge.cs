using System.Diagnostics.Metrics;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Health;

/// <summary>Shows the state of each deployment of the catalogue in the metrics.</summary>
internal sealed class BreakerGauge(CatalogStore catalog, HealthBoard health, RoutingMetrics metrics) : IHostedService
{
    private static readonly (BreakerState State, string Name)[] States =
        [(BreakerState.Closed, "closed"), (BreakerState.Open, "open"), (BreakerState.HalfOpen, "half_open")];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.ObserveDeployments(Look);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> Look() =>
        from model in catalog.Current.Models
        from deployment in model.Deployments
        let now = health.Of(deployment).Report(deployment).State
        from state in States
        select new Measurement<long>(state.State == now ? 1 : 0, new("deployment", deployment.Id), new("state", state.Name));
}
