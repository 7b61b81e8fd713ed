using System.Net.Http.Headers;
using LlmGateway.Gateway;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Hosting;

/// <summary>
/// The gateway on a socket of its own, with nothing behind it: the three services and Redis are addresses where nobody listens.
/// What it does with them is tested with the whole system, in Functional.Tests.
/// </summary>
public sealed class GatewayHost : IAsyncLifetime
{
    /// <summary>A key that the gateway remembers from better times.</summary>
    public const string Key = "sk-remembered-key-of-the-tests";

    public const string Account = "account-of-the-tests";

    public const int MaxBodyBytes = 64 * 1024;

    // Port 1 is tcpmux; connections to it are refused at once.
    private const string Nowhere = "http://127.0.0.1:1";

    private readonly WebApplication _app = Build([]);

    public IServiceProvider Services => _app.Services;

    public LogLines Log => _app.Services.GetRequiredService<LogLines>();

    public Uri Address => new(_app.Urls.Single());

    public async Task InitializeAsync()
    {
        await _app.StartAsync();
        Services.GetRequiredService<KeyDirectory>().Remember(
            SecretHash.Of(Key), new VerifiedKey { AccountId = Account, KeyId = Guid.NewGuid().ToString(), MaskedKey = "sk-remem...", Role = Role.Account });
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public HttpClient Client(string? key = Key)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>A gateway like this one, with settings of its own; the caller starts and ends it.</summary>
    public static WebApplication Build(Dictionary<string, string?> settings, string address = "http://127.0.0.1:0")
    {
        // A developer's own .env must not reach a test.
        Environment.SetEnvironmentVariable("LLMGATEWAY_ENV_FILE", "/dev/null");
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "Gateway.Api", EnvironmentName = "Production" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["services:keys:grpc:0"] = Nowhere,
            ["services:billing:grpc:0"] = Nowhere,
            ["services:routing:grpc:0"] = Nowhere,
            ["ConnectionStrings:redis"] = "127.0.0.1:1,connectTimeout=500,connectRetry=1",
            ["Limits:RequestsPerMinute"] = "1000000",
            ["Limits:RequestsPerHour"] = "1000000",
            ["Requests:MaxBodyBytes"] = $"{MaxBodyBytes}",
        });
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddServiceDefaults();
        builder.AddGateway();
        builder.AddLogLines();
        if (address.Length > 0)
        {
            builder.WebHost.UseUrls(address);
        }

        var app = builder.Build();
        app.UseGateway();
        app.MapDefaultEndpoints();
        app.MapGateway();
        return app;
    }
}

[CollectionDefinition(Name)]
public sealed class GatewayCollection : ICollectionFixture<GatewayHost>
{
    public const string Name = "gateway";
}
