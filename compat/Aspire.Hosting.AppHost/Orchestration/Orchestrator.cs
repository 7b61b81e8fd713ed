using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Orchestration;

/// <summary>Starts all resources, stops them in the reverse order of their use.</summary>
internal sealed class Orchestrator : IHostedService
{
    /// <summary>For the stop of everything; what still runs then is killed.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan OneStopLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LeastStopLimit = TimeSpan.FromSeconds(2);

    private readonly IResourceCollection _resources;
    private readonly ResourceNotificationService _notifications;
    private readonly DistributedApplicationOptions _options;
    private readonly StateFolder _state;
    private readonly TimeProvider _time;
    private readonly LifeParts _parts;
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<IResource, ResourceLife> _lives = [];

    public Orchestrator(
        IResourceCollection resources,
        ResourceNotificationService notifications,
        HealthMonitor health,
        ResourceOutput output,
        DistributedApplicationOptions options,
        DistributedApplicationExecutionContext execution,
        IConfiguration configuration,
        IHostEnvironment host,
        StateFolder state,
        TimeProvider time)
    {
        _resources = resources;
        _notifications = notifications;
        _options = options;
        _state = state;
        _time = time;
        _parts = new LifeParts(
            notifications,
            health,
            output,
            resource => new LaunchContext(resource, execution, configuration, host, state),
            reason => _failed.TrySetResult(reason));
    }

    /// <summary>The first reason why a resource did not come up; never completes when all do.</summary>
    public Task<string> Failed => _failed.Task;

    public bool IsStarted { get; private set; }

    public void PublishInitialStates()
    {
        foreach (var resource in _resources)
        {
            _notifications.Publish(resource, s => s with { State = KnownResourceStates.NotStarted });
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _parts.Health.RequireChecks(_resources);
        foreach (var durable in _resources.Where(r => r.Annotations.OfType<DurableAnnotation>().Any()))
        {
            _ = _state.For(durable.Name, durable: true); // Another run with the same data is refused before anything has started.
        }

        EndpointAllocator.Allocate(_resources, ignoreFixedPorts: _options.Testing);
        foreach (var resource in _resources)
        {
            _lives[resource] = new ResourceLife(resource, _parts);
        }

        IsStarted = true;
        foreach (var life in _lives.Values.Where(l => !l.Resource.Annotations.OfType<ExplicitStartAnnotation>().Any()))
        {
            life.Start();
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var users = Dependency.UsersOf(_resources);
        var stops = new Dictionary<IResource, Task>();

        // Users are declared after what they use, so that from the end each one's users are in the dictionary already.
        foreach (var resource in _resources.Reverse().Where(_lives.ContainsKey))
        {
            stops[resource] = StopAfterAsync(users[resource].Select(user => stops[user]).ToList(), _lives[resource], began);
        }

        await Task.WhenAll(stops.Values);
    }

    public Task<ExecuteCommandResult> ExecuteAsync(string resourceName, string command, CancellationToken cancellationToken)
    {
        if (_lives.Values.FirstOrDefault(l => string.Equals(l.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase)) is not { } life)
        {
            return Task.FromResult(CommandResults.Failure($"Resource '{resourceName}' not found."));
        }

        return command is "start" or "stop" or "restart"
            ? life.ExecuteAsync(command, OneStopLimit, cancellationToken)
            : Task.FromResult(CommandResults.Failure($"Command '{command}' not available for resource '{resourceName}'."));
    }

    private async Task StopAfterAsync(List<Task> users, ResourceLife life, long began)
    {
        await Task.WhenAll(users);
        var left = StopLimit - _time.GetElapsedTime(began);
        var limit = left < OneStopLimit ? left : OneStopLimit;
        await life.StopAsync(limit < LeastStopLimit ? LeastStopLimit : limit);
    }
}
