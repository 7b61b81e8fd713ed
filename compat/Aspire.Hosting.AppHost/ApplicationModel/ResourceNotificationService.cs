using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every resource, and each change of it.</summary>
public class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _latest = new(StringComparer.OrdinalIgnoreCase);
    private ImmutableArray<ChannelWriter<ResourceEvent>> _watchers = [];
    private bool _complete;

    internal ResourceNotificationService()
    {
    }

    /// <summary>Called inside the lock, in order: must be quick.</summary>
    internal event Action<ResourceEvent>? Published;

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    public async Task<string> WaitForResourceAsync(
        string resourceName,
        IEnumerable<string> targetStates,
        CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(
            resourceName, e => e.Snapshot.State is { } state && states.Contains(state.Text), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <exception cref="ArgumentException">No resource has this name. (Upstream waits for ever: resources can be added late there.)</exception>
    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName,
        Func<ResourceEvent, bool> predicate,
        CancellationToken cancellationToken = default)
    {
        CheckKnown(resourceName);
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (string.Equals(change.Resource.Name, resourceName, StringComparison.OrdinalIgnoreCase) && predicate(change))
            {
                return change;
            }
        }

        throw new OperationCanceledException($"The application stopped before resource '{resourceName}' reached the state waited for.");
    }

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, WaitBehavior.StopOnResourceUnavailable, cancellationToken);

    /// <exception cref="DistributedApplicationException">The resource ended, and the behaviour is to stop at that.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(
        string resourceName,
        WaitBehavior waitBehavior,
        CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(
            resourceName,
            e => IsHealthy(e.Snapshot) || (waitBehavior == WaitBehavior.StopOnResourceUnavailable && HasEnded(e.Snapshot)),
            cancellationToken);
        return IsHealthy(reached.Snapshot) ? reached : throw new DistributedApplicationException(EndedMessage(resourceName, reached.Snapshot));
    }

    /// <summary>The present state of every resource first, then each change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ResourceEvent>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var known in _latest.Values)
            {
                channel.Writer.TryWrite(known);
            }

            _watchers = _watchers.Add(channel.Writer);
            if (_complete)
            {
                channel.Writer.Complete();
            }
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers = _watchers.Remove(channel.Writer);
            }
        }
    }

    internal static bool IsHealthy(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy;

    internal static bool HasEnded(CustomResourceSnapshot snapshot) =>
        snapshot.State is { } state && KnownResourceStates.TerminalStates.Contains(state.Text);

    internal static string EndedMessage(string name, CustomResourceSnapshot snapshot) =>
        $"Resource '{name}' is in state {snapshot.State?.Text}" +
        (snapshot.ExitCode is { } code ? $" with exit code {code}" : "") +
        (snapshot.Failure is { } failure ? $": {failure}" : ".");

    /// <summary>The application is gone: those who still wait need not.</summary>
    internal void Complete()
    {
        lock (_lock)
        {
            _complete = true;
            foreach (var watcher in _watchers)
            {
                watcher.TryComplete();
            }
        }
    }

    internal CustomResourceSnapshot? Current(IResource resource)
    {
        lock (_lock)
        {
            return _latest.GetValueOrDefault(resource.Name)?.Snapshot;
        }
    }

    internal void Publish(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        lock (_lock)
        {
            var before = _latest.GetValueOrDefault(resource.Name)?.Snapshot
                ?? new CustomResourceSnapshot { ResourceType = resource.GetType().Name, Properties = [] };
            var after = new ResourceEvent(resource, resource.Name, change(before));
            _latest[resource.Name] = after;
            foreach (var watcher in _watchers)
            {
                watcher.TryWrite(after);
            }

            Published?.Invoke(after);
        }
    }

    private void CheckKnown(string resourceName)
    {
        lock (_lock)
        {
            // Nothing is known before the application was built; the builder publishes every resource then.
            if (!_latest.ContainsKey(resourceName))
            {
                throw new ArgumentException($"Resource '{resourceName}' not found.", nameof(resourceName));
            }
        }
    }
}
