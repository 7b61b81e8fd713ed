using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace LlmGateway.Compat.Tests.Hosting;

/// <summary>The sample AppHost under Testing, started once for the tests that only look at it.</summary>
public sealed class SampleSystem : IAsyncLifetime
{
    private DistributedApplication? _app;

    public DistributedApplication App => _app!;

    public async Task InitializeAsync()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.SampleHost>();
        _app = await builder.BuildAsync();
        await _app.StartAsync();
        await _app.HealthyAsync("edge");
    }

    public async Task DisposeAsync() => await App.DisposeAsync();
}

internal static class SampleSystemExtensions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>A builder as a plain program has it, without an AppHost project; nothing is added yet.</summary>
    public static IDistributedApplicationBuilder NewBuilder() =>
        DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });

    public static Task<ResourceEvent> HealthyAsync(this DistributedApplication app, string resource) =>
        app.ResourceNotifications.WaitForResourceHealthyAsync(resource).WaitAsync(Patience);

    public static Task<string> ReachesAsync(this DistributedApplication app, string resource, params string[] states) =>
        app.ResourceNotifications.WaitForResourceAsync(resource, states).WaitAsync(Patience);

    public static Task<ResourceEvent> ReachesAsync(this DistributedApplication app, string resource, Func<ResourceEvent, bool> condition) =>
        app.ResourceNotifications.WaitForResourceAsync(resource, condition).WaitAsync(Patience);

    public static int ProcessId(this ResourceEvent change) =>
        (int)change.Snapshot.Properties.Single(p => p.Name == "executable.pid").Value!;

    /// <summary>For a service that has no health check in the graph, or is not healthy yet.</summary>
    public static async Task ListensAsync(this DistributedApplication app, string resource)
    {
        using var client = app.CreateHttpClient(resource, "http");
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var answer = await client.GetAsync("/process");
                return;
            }
            catch (HttpRequestException) when (attempt < 600)
            {
                await Task.Delay(50);
            }
        }
    }

    public static async Task<Dictionary<string, string>> EnvironmentAsync(this DistributedApplication app, string resource)
    {
        using var client = app.CreateHttpClient(resource, "http");
        return (await client.GetFromJsonAsync<Dictionary<string, string>>("/environment"))!;
    }
}
