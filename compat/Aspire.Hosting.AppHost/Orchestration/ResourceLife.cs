using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Processes;
using Aspire.Hosting.State;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Orchestration;

/// <summary>
/// One resource from start to end, as often as it is told to. One run is:
/// 1. wait for what the resource waits for;
/// 2. make its process (or do what it does instead);
/// 3. ask its health checks while it runs;
/// 4. say how it ended. It is never started again by itself.
/// </summary>
#pragma warning disable CA1001 // Neither a semaphore without a wait handle nor a cancelled source holds anything to free.
internal sealed class ResourceLife(IResource resource, LifeParts parts)
{
    private readonly SemaphoreSlim _commands = new(1, 1);
    private CancellationTokenSource _stop = new();
    private TaskCompletionSource _begun = new();
    private Task _run = Task.CompletedTask;
    private TimeSpan _stopLimit;
    private bool _wasReady;

    public IResource Resource => resource;

    private bool IsActive => !_run.IsCompleted;

    public void Start()
    {
        _stop = new CancellationTokenSource();
        _begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _run = RunAsync(_stop.Token);
    }

    public async Task StopAsync(TimeSpan limit)
    {
        if (!IsActive)
        {
            return;
        }

        Publish(s => s with { State = KnownResourceStates.Stopping });
        _stopLimit = limit;
        await _stop.CancelAsync();
        await _run;
    }

    public async Task<ExecuteCommandResult> ExecuteAsync(string command, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _commands.WaitAsync(cancellationToken);
        try
        {
            if (IsActive == (command == KnownResourceCommands.StartCommand) && command != KnownResourceCommands.RestartCommand)
            {
                return CommandResults.Failure($"Resource '{resource.Name}' is {(IsActive ? "running already" : "not running")}.");
            }

            await StopAsync(limit);
            return command == KnownResourceCommands.StopCommand ? CommandResults.Success() : await StartAgainAsync(cancellationToken);
        }
        finally
        {
            _commands.Release();
        }
    }

    private async Task<ExecuteCommandResult> StartAgainAsync(CancellationToken cancellationToken)
    {
        Start();
        await Task.WhenAny(_begun.Task, _run).WaitAsync(cancellationToken);
        return _begun.Task.IsCompleted || parts.Notifications.Current(resource) is not { Failure: { } failure }
            ? CommandResults.Success()
            : CommandResults.Failure(failure);
    }

    private async Task RunAsync(CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            await WaitForDependenciesAsync(stop);
            Publish(s => s with { State = KnownResourceStates.Starting, HealthStatus = null, ExitCode = null, Failure = null });
            if (resource.Annotations.OfType<IProcessRecipe>().LastOrDefault() is { } recipe)
            {
                await RunProcessAsync(recipe, stop);
            }
            else
            {
                await RunWithoutProcessAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Publish(s => Ended(s, KnownResourceStates.Exited));
        }
        catch (Exception e)
        {
            Fail(e.Message, s => Ended(s, KnownResourceStates.FailedToStart) with { Failure = e.Message });
        }
    }

    private async Task WaitForDependenciesAsync(CancellationToken stop)
    {
        var waits = resource.Annotations.OfType<WaitAnnotation>().ToList();
        if (waits.Count > 0)
        {
            Publish(s => s with { State = KnownResourceStates.Waiting, HealthStatus = null, ExitCode = null, Failure = null });
            await Task.WhenAll(waits.Select(wait => Dependency.WaitAsync(wait, parts.Notifications, stop)));
        }
    }

    private async Task RunProcessAsync(IProcessRecipe recipe, CancellationToken stop)
    {
        var spec = await recipe.PrepareAsync(parts.Launch(resource), stop);
        CheckPorts();
        stop.ThrowIfCancellationRequested();
        using var child = await ChildProcess.StartAsync(spec, line => parts.Output.Write(resource, line));
        PublishRunning([new ResourcePropertySnapshot("executable.pid", child.Id)]);

        using var watching = new CancellationTokenSource();
        var health = WatchHealthAsync(watching.Token);
        await Task.WhenAny(child.Exit, Task.Delay(Timeout.Infinite, stop));
        if (stop.IsCancellationRequested)
        {
            await child.StopAsync(_stopLimit);
        }

        var code = await child.Exit;
        await watching.CancelAsync();
        await health;
        End(code, child, stopped: stop.IsCancellationRequested);
    }

    private async Task RunWithoutProcessAsync(CancellationToken stop)
    {
        foreach (var step in resource.Annotations.OfType<StartStepAnnotation>())
        {
            await step.RunAsync(stop);
        }

        PublishRunning([]);
        await WatchHealthAsync(stop);
        await Task.Delay(Timeout.Infinite, stop);
    }

    private void PublishRunning(IReadOnlyList<ResourcePropertySnapshot> properties)
    {
        var ready = !HealthMonitor.HasChecks(resource);
        _wasReady |= ready;
        Publish(s => s with
        {
            State = KnownResourceStates.Running,
            Properties = [.. properties],
            HealthStatus = ready ? HealthStatus.Healthy : null,
        });
        _begun.TrySetResult();
    }

    private Task WatchHealthAsync(CancellationToken cancellationToken) => HealthMonitor.HasChecks(resource)
        ? parts.Health.WatchAsync(resource, () => _wasReady = true, cancellationToken)
        : Task.CompletedTask;

    private void End(int code, ChildProcess child, bool stopped)
    {
        if (stopped || code == 0)
        {
            Publish(s => Ended(s, stopped ? KnownResourceStates.Exited : KnownResourceStates.Finished) with { ExitCode = code });
            return;
        }

        var reason = $"its process {child.Id} exited with code {code}.";
        var lastLines = child.LastLines is { Count: > 0 } lines
            ? $" Its last lines:{Environment.NewLine}{string.Join(Environment.NewLine, lines)}"
            : "";
        Fail(reason, s => Ended(s, KnownResourceStates.Exited) with { ExitCode = code, Failure = reason + lastLines });
    }

    private static CustomResourceSnapshot Ended(CustomResourceSnapshot snapshot, string state) =>
        snapshot with { State = state, HealthStatus = null, Properties = [] };

    private void Fail(string reason, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        // First told as the cause, then published: those who wait for this resource fail by the publication.
        if (!_wasReady)
        {
            parts.OnFirstStartFailed($"{resource.Name} failed to start: {reason}");
        }

        Publish(change);
    }

    private void CheckPorts()
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedPort is { } port && !FreePorts.IsFree(port))
            {
                throw new DistributedApplicationException($"port {port} of its endpoint '{endpoint.Name}' is in use by another program.");
            }
        }
    }

    private void Publish(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => parts.Notifications.Publish(resource, change);
}

/// <summary>What every life needs.</summary>
internal sealed record LifeParts(
    ResourceNotificationService Notifications,
    HealthMonitor Health,
    ResourceOutput Output,
    Func<IResource, LaunchContext> Launch,
    Action<string> OnFirstStartFailed);
