using System.Collections.Concurrent;
using Grpc.Net.Client;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Keys.Tests;

/// <summary>The whole service on a free port, on a database that the test chose.</summary>
internal sealed class KeysHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;

    private KeysHost(WebApplication app, ConcurrentQueue<string> log)
    {
        _app = app;

        // The endpoints of appsettings.json, which Kestrel opens by name: grpc, http.
        _channel = GrpcChannel.ForAddress(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new KeysApi.KeysApiClient(_channel);
        Admin = new KeysAdminApi.KeysAdminApiClient(_channel);
        Log = log;
    }

    public KeysApi.KeysApiClient Client { get; }

    public KeysAdminApi.KeysAdminApiClient Admin { get; }

    public IReadOnlyCollection<string> Log { get; }

    /// <param name="time">The service's clock; the machine's by default.</param>
    /// <param name="settings">Besides those that every test has, by their configuration keys.</param>
    public static async Task<KeysHost> StartAsync(
        string database,
        string allowed = "",
        string? administrator = null,
        TimeProvider? time = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        string environment = "Production")
    {
        var log = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        var app = Build(builder, database, allowed, administrator, settings, log);
        await app.StartAsync();
        return new KeysHost(app, log);
    }

    private static WebApplication Build(
        WebApplicationBuilder builder,
        string database,
        string allowed,
        string? administrator,
        IReadOnlyDictionary<string, string?>? settings,
        ConcurrentQueue<string> log)
    {
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:keysdb"] = database,
            ["Keys:Allowed"] = allowed,
            ["Keys:Administrator"] = administrator,
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
        });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Logging.ClearProviders().AddProvider(new LogLines(log));
        builder.AddServiceDefaults();
        builder.AddKeys();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapKeys();
        return app;
    }

    public async Task<Protos.Keys.V1.Verification> VerifyAsync(string secret) =>
        (await Client.VerifyAsync(new VerifyRequest { Secrets = { new PresentedSecret { Secret = secret } } })).Verifications.Single();

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
