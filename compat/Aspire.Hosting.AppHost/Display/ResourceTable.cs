using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Orchestration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Display;

/// <summary>
/// What a run prints: a row for each resource as it comes up or ends, all rows once everything is up, and every line of a
/// process after its resource's name.
/// </summary>
internal sealed class ResourceTable : IDisposable
{
    private readonly ResourceNotificationService _notifications;
    private readonly ResourceOutput _output;
    private readonly Lock _lock = new();
    private readonly Dictionary<IResource, string> _shown = [];
    private readonly IReadOnlyList<IResource> _resources;
    private readonly int _nameWidth;
    private bool _complete;

    public ResourceTable(ResourceNotificationService notifications, ResourceOutput output, IResourceCollection resources)
    {
        _notifications = notifications;
        _output = output;
        _resources = [.. resources.Where(IsShown)];
        _nameWidth = _resources.Select(r => r.Name.Length).Append("resource".Length).Max();
        Terminal.Line(Row("resource", "state", "address", "process"));
        _notifications.Published += OnPublished;
        _output.LineWritten += OnLine;
    }

    public void Dispose()
    {
        _notifications.Published -= OnPublished;
        _output.LineWritten -= OnLine;
    }

    // Parameters and connection strings are values; they neither start nor end.
    private static bool IsShown(IResource resource) =>
        resource.Annotations.Any(a => a is IProcessRecipe or StartStepAnnotation);

    private static string? State(CustomResourceSnapshot snapshot) => snapshot.State?.Text switch
    {
        "Running" => snapshot.HealthStatus?.ToString(),
        "Exited" or "Finished" => $"{snapshot.State.Text} ({snapshot.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "-"})",
        "FailedToStart" => "FailedToStart",
        _ => null,
    };

    // One line of what did not start: most often it only repeats, at length, how what it waits for has ended.
    private static string? Failure(CustomResourceSnapshot snapshot) => snapshot.State?.Text switch
    {
        "Exited" => snapshot.Failure,
        "FailedToStart" => snapshot.Failure?.Split(Environment.NewLine)[0],
        _ => null,
    };

    private static string Address(IResource resource) => string.Join(' ', resource.Annotations.OfType<EndpointAnnotation>()
        .Where(e => e.AllocatedPort is not null)
        .Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.UriScheme}://{e.ClientHost}:{e.AllocatedPort}")));

    private static string Process(CustomResourceSnapshot snapshot) =>
        Convert.ToString(snapshot.Properties.FirstOrDefault(p => p.Name == "executable.pid")?.Value, CultureInfo.InvariantCulture) ?? "";

    private void OnLine(IResource resource, string line) => Terminal.Line($"{resource.Name.PadRight(_nameWidth)} | {line}");

    private void OnPublished(ResourceEvent change)
    {
        if (State(change.Snapshot) is not { } state || !_resources.Contains(change.Resource))
        {
            return;
        }

        lock (_lock)
        {
            // A resource that has not been healthy yet is still coming up: no row.
            var before = _shown.GetValueOrDefault(change.Resource);
            if (before == state || (before is null && state == nameof(HealthStatus.Unhealthy)))
            {
                return;
            }

            _shown[change.Resource] = state;
            Terminal.Line(Row(change.Resource, state, change.Snapshot));
            if (Failure(change.Snapshot) is { } failure)
            {
                Terminal.Error($"{change.Resource.Name}: {failure}");
            }

            ShowAllOnce();
        }
    }

    private void ShowAllOnce()
    {
        if (_complete || !_resources.All(r => _shown.GetValueOrDefault(r) is nameof(HealthStatus.Healthy) or "Finished (0)"))
        {
            return;
        }

        _complete = true;
        Terminal.Line("");
        Terminal.Line(Row("resource", "state", "address", "process"));
        foreach (var resource in _resources)
        {
            Terminal.Line(Row(resource, _shown[resource], _notifications.Current(resource)!));
        }

        Terminal.Line("");
    }

    private string Row(IResource resource, string state, CustomResourceSnapshot snapshot) =>
        Row(resource.Name, state, Address(resource), Process(snapshot));

    private string Row(string name, string state, string address, string process) =>
        $"{name.PadRight(_nameWidth)}  {state,-13}  {process,-7}  {address}".TrimEnd();
}
