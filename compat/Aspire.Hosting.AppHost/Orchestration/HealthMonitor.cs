using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Aspire.Hosting.Orchestration;

/// <summary>Asks a running resource's checks: often until it is healthy, seldom then.</summary>
internal sealed class HealthMonitor(
    IServiceScopeFactory scopes,
    IOptions<HealthCheckServiceOptions> registrations,
    ResourceNotificationService notifications)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HealthyPause = TimeSpan.FromSeconds(30);

    public static bool HasChecks(IResource resource) => resource.Annotations.OfType<HealthCheckAnnotation>().Any();

    /// <summary>Until cancelled; returns without an exception then.</summary>
    public async Task WatchAsync(IResource resource, Action onHealthy, CancellationToken cancellationToken)
    {
        try
        {
            var checks = Checks(resource);
            var pause = FirstPause;
            while (true)
            {
                var status = await AskAsync(checks, cancellationToken);
                Publish(resource, status);
                if (status == HealthStatus.Healthy)
                {
                    onHealthy();
                }

                pause = status == HealthStatus.Healthy ? FirstPause : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, LongestPause.Ticks));
                await Task.Delay(status == HealthStatus.Healthy ? HealthyPause : pause, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The resource ended.
        }
    }

    /// <exception cref="DistributedApplicationException">A resource names a check that nobody registered.</exception>
    public void RequireChecks(IEnumerable<IResource> resources)
    {
        foreach (var resource in resources)
        {
            _ = Checks(resource);
        }
    }

    private List<HealthCheckRegistration> Checks(IResource resource) =>
    [
        .. resource.Annotations.OfType<HealthCheckAnnotation>().Select(annotation =>
            registrations.Value.Registrations.FirstOrDefault(r => r.Name == annotation.Key) ?? throw new DistributedApplicationException(
                $"Resource '{resource.Name}' has the health check '{annotation.Key}', which is not registered in the builder's Services.")),
    ];

    private async Task<HealthStatus> AskAsync(List<HealthCheckRegistration> checks, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var worst = HealthStatus.Healthy;
        foreach (var registration in checks)
        {
            var status = await AskAsync(registration, scope.ServiceProvider, cancellationToken);
            worst = status < worst ? status : worst;
        }

        return worst;
    }

    private static async Task<HealthStatus> AskAsync(
        HealthCheckRegistration registration,
        IServiceProvider services,
        CancellationToken cancellationToken)
    {
        try
        {
            var context = new HealthCheckContext { Registration = registration };
            return (await registration.Factory(services).CheckHealthAsync(context, cancellationToken)).Status;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return registration.FailureStatus;
        }
    }

    private void Publish(IResource resource, HealthStatus status)
    {
        if (notifications.Current(resource) is { HealthStatus: var before } && before == status)
        {
            return;
        }

        notifications.Publish(resource, s => s.State?.Text == KnownResourceStates.Running ? s with { HealthStatus = status } : s);
    }
}
