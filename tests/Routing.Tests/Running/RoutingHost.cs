using System.Globalization;
using Grpc.Net.Client;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Routing.Tests.Running;

/// <summary>The whole Routing.Service in the test's process, with its real database, spoken to over gRPC.</summary>
public sealed class RoutingHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private readonly string _modelsFile;

    private RoutingHost(WebApplication app, string address, string http, string modelsFile)
    {
        _app = app;
        _modelsFile = modelsFile;
        _channel = GrpcChannel.ForAddress(address);
        Client = new RoutingApi.RoutingApiClient(_channel);
        Deployments = new DeploymentsApi.DeploymentsApiClient(_channel);
        Catalog = new CatalogApi.CatalogApiClient(_channel);
        Http = http;
    }

    public RoutingApi.RoutingApiClient Client { get; }

    public DeploymentsApi.DeploymentsApiClient Deployments { get; }

    public CatalogApi.CatalogApiClient Catalog { get; }

    /// <summary>The endpoint of the health checks.</summary>
    public string Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="billing">Where Billing is.</param>
    /// <param name="models">The catalogue file's text.</param>
    /// <param name="database">An earlier host's database; a new one otherwise.</param>
    /// <param name="settings">Configuration, by its .NET names; of two with one name the last.</param>
    public static async Task<RoutingHost> StartAsync(
        string billing, string models, string? database = null, params (string Name, string Value)[] settings)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, models);
        var grpc = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        var http = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "Routing.Service",
            EnvironmentName = "Production",
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddServiceDefaults();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = http,
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
            ["Kestrel:Endpoints:grpc:Url"] = grpc,
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["services:billing:grpc:0"] = billing,
            ["ConnectionStrings:routingdb"] = database ?? await new PostgresFixture().CreateDatabaseAsync(),
            ["Catalog:File"] = file,
        });
        builder.Configuration.AddInMemoryCollection(
            settings.Reverse().DistinctBy(setting => setting.Name).Select(setting => KeyValuePair.Create<string, string?>(setting.Name, setting.Value)));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddRouting();
        var app = builder.Build();
        app.TryLoadCatalog().ShouldBeTrue();
        app.MapDefaultEndpoints();
        app.MapRouting();
        await app.StartAsync();
        var host = new RoutingHost(app, grpc, http, file);
        return host;
    }

    /// <summary>Replaces the catalogue file in one step.</summary>
    public async Task WriteModelsAsync(string models)
    {
        await File.WriteAllTextAsync(_modelsFile + ".new", models);
        File.Move(_modelsFile + ".new", _modelsFile, overwrite: true);
    }

    public async Task<RoutingHost> ReadyAsync()
    {
        using var http = new HttpClient();
        await Wait.UntilAsync(async () => (await http.GetAsync(Http + "/ready")).IsSuccessStatusCode);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        File.Delete(_modelsFile);
    }
}
