using System.Globalization;
using Grpc.Net.Client;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LlmGateway.Billing.Tests.Grpc;

/// <summary>Program.cs with a database of its own, on ports that are free.</summary>
public sealed class BillingServer : IAsyncLifetime
{
    private readonly string? _connectionString;
    private WebApplication? _app;
    private GrpcChannel? _channel;
    private int _accounts;

    public BillingServer()
    {
    }

    /// <summary>On a database that the test has made.</summary>
    internal BillingServer(string connectionString) => _connectionString = connectionString;

    public Uri HttpAddress { get; private set; } = new("http://unset");

    internal BillingApi.BillingApiClient Client => new(_channel!);

    internal PricesApi.PricesApiClient Prices => new(_channel!);

    internal AlertsApi.AlertsApiClient Alerts => new(_channel!);

    internal UsageApi.UsageApiClient Usage => new(_channel!);

    internal LedgerApi.LedgerApiClient Ledger => new(_channel!);

    public async Task InitializeAsync()
    {
        var connectionString = _connectionString ?? await new PostgresFixture().CreateDatabaseAsync();
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:billingdb", connectionString)]);
        // The service's own ports are in its appsettings, and several of these run at once.
        builder.Configuration.AddInMemoryCollection(
            [new("Kestrel:Endpoints:http:Url", "http://127.0.0.1:0"), new("Kestrel:Endpoints:grpc:Url", "http://127.0.0.1:0")]);
        builder.WebHost.UseKestrel((context, kestrel) => kestrel.Configure(context.Configuration.GetSection("Kestrel")));
        builder.AddServiceDefaults();
        builder.AddBilling();
        _app = builder.Build();
        _app.MapDefaultEndpoints();
        _app.MapBilling();
        await _app.StartAsync();

        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        // In the order of the endpoints' names.
        HttpAddress = new Uri(addresses[1]);
        _channel = GrpcChannel.ForAddress(addresses[0]);
    }

    public async Task DisposeAsync()
    {
        _channel?.Dispose();
        await _app!.DisposeAsync();
    }

    internal string NewAccount() => string.Create(CultureInfo.InvariantCulture, $"account-{Interlocked.Increment(ref _accounts)}");

    internal async Task<long> CountAsync(string sql)
    {
        await using var command = _app!.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
