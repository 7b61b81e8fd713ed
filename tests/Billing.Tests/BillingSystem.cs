using System.Globalization;
using LlmGateway.Billing;
using LlmGateway.Billing.Data;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using LlmGateway.ServiceDefaults;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace LlmGateway.Billing.Tests;

/// <summary>
/// Billing as it is registered, on a real database, without its sockets and background services. An account is opened with 1,000
/// nano-dollars; a priced model costs the customer one nano-dollar a token, unless a test says otherwise.
/// </summary>
public sealed class BillingSystem : IAsyncLifetime, IAsyncDisposable
{
    private static readonly PostgresFixture Postgres = new();
    private readonly string? _connectionString;
    private readonly Dictionary<string, string?> _settings;
    private WebApplication? _app;
    private int _names;

    public BillingSystem()
        : this(connectionString: null)
    {
    }

    internal BillingSystem(string? connectionString, params (string Name, string Value)[] settings)
    {
        _connectionString = connectionString;
        _settings = settings.ToDictionary(setting => setting.Name, string? (setting) => setting.Value);
        _settings.TryAdd("Billing:DefaultBalance", "0.000001");
        // Many of these run at once, on a server that accepts a hundred connections.
        _settings.TryAdd("Billing:Connections", "6");
    }

    internal static TokenPrices OneANano { get; } = new(800_000, 800_000, 800_000, 800_000) { CacheWrite1h = 800_000 };

    internal FakeTime Time { get; } = new();

    /// <summary>Nobody waits, unless a test says otherwise.</summary>
    internal TimeSpan ChargeDelay { get; init; }
    internal string ConnectionString { get; private set; } = "";
    internal IServiceProvider Services => _app!.Services;
    internal NpgsqlDataSource Database => Services.GetRequiredService<NpgsqlDataSource>();
    internal Holds Holds => Services.GetRequiredService<Holds>();
    internal Settlements Settlements => Services.GetRequiredService<Settlements>();
    internal Prices Prices => Services.GetRequiredService<Prices>();
    internal ExpirySweeper Sweeper => Services.GetServices<IHostedService>().OfType<ExpirySweeper>().Single();

    public async Task InitializeAsync()
    {
        ConnectionString = _connectionString ?? await Postgres.CreateDatabaseAsync("billing", MigrateAsync);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Configuration.AddInMemoryCollection(_settings);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:billingdb", ConnectionString)]);
        builder.AddServiceDefaults();
        builder.AddBilling();
        builder.Services.Configure<BillingOptions>(options => options.ChargeDelay = ChargeDelay);
        _app = builder.Build();
        await ReadAsync(async db =>
        {
            await db.Database.MigrateAsync();
            return true;
        });
    }

    public async Task DisposeAsync() => await _app!.DisposeAsync();

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private static async Task MigrateAsync(string database)
    {
        await using var system = new BillingSystem(database);
        await system.InitializeAsync();
    }

    /// <summary>Another replica on the same database.</summary>
    internal async Task<BillingSystem> ReplicaAsync(params (string Name, string Value)[] settings)
    {
        var replica = new BillingSystem(ConnectionString, settings);
        await replica.InitializeAsync();
        return replica;
    }

    internal static string NewRequest() => $"req_{Guid.NewGuid().ToString("N")[..26]}";

    internal string NewAccount() => string.Create(CultureInfo.InvariantCulture, $"account-{Interlocked.Increment(ref _names):D6}-{Guid.NewGuid():N}");

    internal async Task<PricedModel> NewModelAsync(TokenPrices? prices = null)
    {
        var model = new PricedModel("test", string.Create(CultureInfo.InvariantCulture, $"model-{Interlocked.Increment(ref _names)}-{Guid.NewGuid():N}"));
        await AnnounceAsync(model, prices ?? OneANano);
        return model;
    }

    internal Task<int> AnnounceAsync(PricedModel model, TokenPrices prices) => Prices.AnnounceAsync(
        [new(model, new(prices.Input, prices.CachedInput, prices.CacheWrite, prices.Output) { CacheWrite1h = prices.CacheWrite1h ?? prices.CacheWrite })],
        CancellationToken.None);

    internal Task<Answer<GrantedHold>> HoldAsync(
        string request, string account, PricedModel model, long output, long? min = null, long prompt = 0, KeyLimits? limits = null,
        string? key = "key-1") =>
        Holds.HoldAsync(
            new(request, account, key, [model], prompt, output, min ?? output) { Limits = limits }, CancellationToken.None);

    internal Task<Answer<SettledCall>> SettleAsync(string request, PricedModel model, long output, long input = 0) =>
        Settlements.SettleAsync(
            new(request, model, "deployment-1", "the-model", new(input, 0, 0, output), 0, Estimated: false, Time.GetUtcNow(), 10, 20, "[]"),
            CancellationToken.None);

    internal Task<Answer<GrantedHold>> ExtendAsync(string request, long output, long prompt = 0) =>
        Services.GetRequiredService<Extensions>().ExtendAsync(new(request, prompt, output), CancellationToken.None);

    internal Task ReleaseAsync(string request) => Holds.ReleaseAsync(request, "[]", considered: null, CancellationToken.None);

    internal Task<int> SweepAsync() => Sweeper.SweepAsync(CancellationToken.None);

    internal async Task<(long Balance, long Held)> MoneyAsync(string account)
    {
        await using var scope = Services.CreateAsyncScope();
        var row = await scope.ServiceProvider.GetRequiredService<Accounts>().GetAsync(account, CancellationToken.None);
        return (row.Balance, row.Held);
    }

    internal async Task<T> ReadAsync<T>(Func<BillingDbContext, Task<T>> query)
    {
        await using var scope = Services.CreateAsyncScope();
        return await query(scope.ServiceProvider.GetRequiredService<BillingDbContext>());
    }

    internal async Task<long> CountAsync(string sql, params object[] parameters)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.AddWithValue(parameter);
        }

        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Until so many sessions of this database wait for a lock.</summary>
    internal async Task UntilWaitingAsync(int sessions)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await CountAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") < sessions)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }

    internal Bookings Bookings => Services.GetRequiredService<Bookings>();

    internal LedgerVerifier Verifier => Services.GetRequiredService<LedgerVerifier>();

    /// <summary>P4, over the whole database.</summary>
    internal async Task VerifyAsync() => (await Verifier.VerifyAsync(CancellationToken.None)).Differences.ShouldBeEmpty();

    /// <summary>What a key's window has used and holds.</summary>
    internal async Task<WindowFigures?> WindowAsync(string account, string kind, DateOnly starts, string key = "key-1") => await ReadAsync(
        db => db.KeyWindows.Where(window => window.AccountId == account && window.KeyId == key && window.Kind == kind && window.Starts == starts)
            .Select(window => new WindowFigures(window.UsedTokens, window.HeldTokens, window.UsedCost, window.HeldCost))
            .SingleOrDefaultAsync());
}
