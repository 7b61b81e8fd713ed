using System.Diagnostics;
using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace LlmGateway.Testing;

/// <summary>A Redis process that belongs to one test, or to all of a process (<see cref="SharedAsync"/>).</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly Lazy<Task<RedisServer>> Shared = new(StartAsync);

    private readonly DistributedApplication _app;

    private RedisServer(DistributedApplication app, string connectionString) => (_app, ConnectionString) = (app, connectionString);

    public string ConnectionString { get; }

    /// <summary>One for the test process, gone with it; whoever uses it has keys of its own there, and stops nothing.</summary>
    public static Task<RedisServer> SharedAsync() => Shared.Value;

    public static async Task<RedisServer> StartAsync()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });
        var redis = builder.AddRedis("redis");
        var app = builder.Build();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => app.Dispose();
        await app.StartAsync();
        await app.ResourceNotifications.WaitForResourceHealthyAsync("redis");
        return new(app, (await ((IResourceWithConnectionString)redis.Resource).GetConnectionStringAsync())!);
    }

    /// <summary>Stops the process where it is, until <see cref="ThawAsync"/>: it neither answers nor closes a connection.</summary>
    public Task FreezeAsync() => SignalAsync("-STOP");

    public Task ThawAsync() => SignalAsync("-CONT");

    public async ValueTask DisposeAsync()
    {
        await ThawAsync();
        await _app.DisposeAsync();
    }

    private async Task SignalAsync(string signal)
    {
        var running = await _app.ResourceNotifications.WaitForResourceAsync("redis", e => e.Snapshot.State?.Text == KnownResourceStates.Running);
        var id = Convert.ToString(running.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value, CultureInfo.InvariantCulture)!;
        using var kill = Process.Start("kill", [signal, id]);
        await kill.WaitForExitAsync();
    }
}
