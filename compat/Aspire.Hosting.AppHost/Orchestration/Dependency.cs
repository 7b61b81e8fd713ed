using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Orchestration;

/// <summary>What a resource waits for, and who depends on whom.</summary>
internal static class Dependency
{
    /// <exception cref="DistributedApplicationException">What is waited for can no longer happen.</exception>
    public static async Task WaitAsync(WaitAnnotation wait, ResourceNotificationService notifications, CancellationToken cancellationToken)
    {
        var name = wait.Dependency.Name;
        var reached = await notifications.WaitForResourceAsync(
            name, e => IsReached(wait, e.Snapshot) || ResourceNotificationService.HasEnded(e.Snapshot), cancellationToken);
        if (!IsReached(wait, reached.Snapshot))
        {
            throw new DistributedApplicationException(
                $"it waits for '{name}'. {ResourceNotificationService.EndedMessage(name, reached.Snapshot)}");
        }
    }

    /// <summary>Those that may only stop after the resource's own users: by references and waits to what was declared earlier.</summary>
    public static ILookup<IResource, IResource> UsersOf(IResourceCollection resources)
    {
        var order = resources.Select((resource, index) => (resource, index)).ToDictionary(p => p.resource, p => p.index);
        return resources
            .SelectMany(user => Targets(user).Select(target => (user, target)))
            .Where(edge => order.TryGetValue(edge.target, out var index) && index < order[edge.user])
            .Distinct()
            .ToLookup(edge => edge.target, edge => edge.user);
    }

    private static bool IsReached(WaitAnnotation wait, CustomResourceSnapshot snapshot) => wait.Kind switch
    {
        WaitKind.UntilHealthy => ResourceNotificationService.IsHealthy(snapshot),
        WaitKind.UntilStarted => snapshot.State?.Text == KnownResourceStates.Running,
        WaitKind.UntilCompleted => snapshot.State?.Text is "Finished" or "Exited" && snapshot.ExitCode == wait.ExitCode,
        _ => throw new ArgumentOutOfRangeException(nameof(wait), wait.Kind, "Not a kind of wait."),
    };

    private static IEnumerable<IResource> Targets(IResource user)
    {
        var targets = user.Annotations.OfType<WaitAnnotation>().Select(w => w.Dependency)
            .Concat(user.Annotations.OfType<ReferenceAnnotation>().Select(r => r.Target));
        return targets.SelectMany(target => target is IResourceWithParent child ? [target, child.Parent] : new[] { target });
    }
}
