using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace LlmGateway.SystemUnderTest;

/// <summary>The system's processes: killed, frozen and started again.</summary>
public sealed partial class GatewaySystem
{
    private const int Stop = 19;
    private const int Continue = 18;

    /// <summary>The process that runs a resource now, or runs it next.</summary>
    private async Task<Process> ProcessOfAsync(string resource)
    {
        var running = await _app.ResourceNotifications.WaitForResourceAsync(resource, e => ProcessIdOf(e) is not null);
        return Process.GetProcessById(ProcessIdOf(running)!.Value);
    }

    private static int? ProcessIdOf(ResourceEvent e) => e.Snapshot.State?.Text == KnownResourceStates.Running
        && e.Snapshot.Properties.SingleOrDefault(property => property.Name == "executable.pid") is { } pid
            ? Convert.ToInt32(pid.Value, CultureInfo.InvariantCulture)
            : null;

    /// <summary>kill -9, and the wait until the orchestrator has seen it.</summary>
    public async Task KillAsync(string resource)
    {
        using var process = await ProcessOfAsync(resource);
        process.Kill();
        using var limit = new CancellationTokenSource(StartLimit);
        await _app.ResourceNotifications.WaitForResourceAsync(resource, e => ProcessIdOf(e) != process.Id, limit.Token);
    }

    /// <summary>SIGTERM, and the wait until it has ended by itself, or was killed after the orchestrator's patience.</summary>
    public async Task StopAsync(string resource)
    {
        var stopped = await _app.ResourceCommands.ExecuteCommandAsync(resource, KnownResourceCommands.StopCommand);
        if (!stopped.Success)
        {
            throw new InvalidOperationException(stopped.Message);
        }
    }

    /// <summary>kill -9 of one of a resource's own children, as of a session of PostgreSQL: what that means is the resource's business.</summary>
    /// <returns>False when it has none.</returns>
    public async Task<bool> KillChildAsync(string resource, Random dice)
    {
        using var parent = await ProcessOfAsync(resource);
        if (ChildrenOf(parent.Id) is not { Count: > 0 } children)
        {
            return false;
        }

        _ = Kill(children[dice.Next(children.Count)], 9);
        return true;
    }

    /// <summary>Stops a resource's processes where they are, until <see cref="ThawAsync"/>: it neither answers nor closes a connection.</summary>
    public Task FreezeAsync(string resource) => SignalAllAsync(resource, Stop);

    public Task ThawAsync(string resource) => SignalAllAsync(resource, Continue);

    /// <summary>Starts a resource that has ended. Its process runs when this returns null, else it says why not.</summary>
    public async Task<string?> LaunchAsync(string resource)
    {
        var started = await _app.ResourceCommands.ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand);
        return started.Success ? null : started.Message;
    }

    /// <summary>Starts a resource that has ended, and returns when it is healthy.</summary>
    public async Task StartAgainAsync(string resource)
    {
        if (await LaunchAsync(resource) is { } reason)
        {
            throw new InvalidOperationException(reason);
        }

        using var limit = new CancellationTokenSource(StartLimit);
        await _app.ResourceNotifications.WaitForResourceHealthyAsync(resource, limit.Token);
    }

    public async Task<ResourceEvent> WaitForStateAsync(string resource, string state)
    {
        using var limit = new CancellationTokenSource(StartLimit);
        return await WaitForStateAsync(resource, limit.Token, state);
    }

    /// <summary>However long it takes: one of these states.</summary>
    public Task<ResourceEvent> WaitForStateAsync(string resource, CancellationToken cancellationToken, params string[] states) =>
        _app.ResourceNotifications.WaitForResourceAsync(resource, e => states.Contains(e.Snapshot.State?.Text), cancellationToken);

    /// <summary>The address of one of the system's databases: "billingdb".</summary>
    public async Task<string> ConnectionStringAsync(string database) =>
        await _app.GetConnectionStringAsync(database) ?? throw new InvalidOperationException($"{database} has no address.");

    public Uri EndpointOf(string resource, string name) => _app.GetEndpoint(resource, name);

    /// <summary>A client of one gateway with a key of its own.</summary>
    public HttpClient Client(string key, string gateway = "gateway")
    {
        var http = _app.CreateHttpClient(gateway);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        http.Timeout = TimeSpan.FromMinutes(2);
        return http;
    }

    private async Task SignalAllAsync(string resource, int signal)
    {
        using var process = await ProcessOfAsync(resource);
        foreach (var id in (int[])[process.Id, .. ChildrenOf(process.Id)])
        {
            _ = Kill(id, signal);
        }
    }

    private static List<int> ChildrenOf(int parent)
    {
        var children = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && ParentOf(id) == parent)
            {
                children.Add(id);
            }
        }

        return children;
    }

    private static int? ParentOf(int id)
    {
        try
        {
            // "id (name, which may have any characters) state parent …"
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
