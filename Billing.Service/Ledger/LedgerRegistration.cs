using LlmGateway.Billing.Data;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Spending;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

internal static class LedgerRegistration
{
    private const string Database = "billingdb";

    // PostgreSQL accepts a hundred by default, and every service and replica wants some of them.
    private const int ReadConnections = 8;

    /// <summary>The database with its schema: everything after this finds it migrated.</summary>
    public static void AddLedgerDatabase(this IHostApplicationBuilder builder)
    {
        // No retries here: a caller has two seconds and repeats by itself what may be repeated.
        builder.AddNpgsqlDbContext<BillingDbContext>(
            Database,
            settings =>
            {
                settings.DisableRetry = true;
                settings.ConnectionString = WithPool(settings.ConnectionString, ReadConnections);
            },
            options => options.UseNpgsql(npgsql => npgsql.MigrationsHistoryTable("__migrations", BillingDbContext.Schema)));
        builder.AddMigrations<BillingDbContext>();
        builder.Services.AddSingleton(services => CreateDataSource(
            services.GetRequiredService<IConfiguration>().GetConnectionString(Database),
            services.GetRequiredService<IOptions<BillingOptions>>().Value.Connections,
            services.GetRequiredService<ILoggerFactory>()));
    }

    public static void AddLedger(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => new DatabaseWatch(
            CreateWatchSource(services.GetRequiredService<IConfiguration>().GetConnectionString(Database)),
            services.GetRequiredService<ILogger<DatabaseWatch>>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<DatabaseWatch>());
        builder.Services.AddSingleton<Combiners>();
        builder.Services.AddSingleton<HeldTerms>();
        builder.Services.AddSingleton<Holds>();
        builder.Services.AddSingleton<Extensions>();
        builder.Services.AddSingleton<Settlements>();
        builder.Services.AddSingleton<Bookings>();
        builder.Services.AddSingleton<CacheHits>();
        builder.Services.AddSingleton<Overdrafts>();
        builder.Services.AddSingleton<LedgerVerifier>();
        builder.Services.AddSingleton<TransactionCounts>();
        builder.Services.AddScoped<Accounts>();
        builder.Services.AddScoped<Generations>();
        builder.Services.AddScoped<UsageReads>();
        builder.Services.AddSingleton<LedgerWarmUp>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LedgerWarmUp>());
        builder.Services.AddHostedService<ExpirySweeper>();
        builder.Services.AddHostedService<HoldGauge>();
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "ledger", services => services.GetRequiredService<LedgerWarmUp>(), failureStatus: null, [HealthEndpoints.Ready]));
    }

    public static void AddPricing(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<PriceTable>();
        builder.Services.AddSingleton<Prices>();
        builder.Services.AddSingleton<PriceList>();
        builder.Services.AddSingleton<Rerater>();
        builder.Services.AddHostedService<PriceFileAnnouncer>();
        builder.Services.AddHostedService<PriceRefresher>();
    }

    /// <summary>
    /// The connections for holds and settlements: few, and each keeps the handful of statements prepared, by hand: the driver's automatic
    /// preparing leaves a statement that fails in that moment broken on its connection (github.com/npgsql/npgsql/issues/6391), and the next
    /// call that uses it fails for no fault of its own.
    /// </summary>
    internal static NpgsqlDataSource CreateDataSource(string? connectionString, int connections, ILoggerFactory loggers)
    {
        var settings = new NpgsqlConnectionStringBuilder(WithPool(connectionString, connections))
        {
            ApplicationName = "LlmGateway.Billing",

            // Seconds. A server that does not take a connection within them is not there.
            Timeout = 3,
        };
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(loggers).Build();
    }

    // Seconds, again: after them the watch asks on another connection.
    private static NpgsqlDataSource CreateWatchSource(string? connectionString) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(WithPool(connectionString, most: 1))
        {
            Timeout = 2,
            CommandTimeout = 2,
            CancellationTimeout = -1,
            ApplicationName = "LlmGateway.Billing watch",
        });

    private static string? WithPool(string? connectionString, int most)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return connectionString;
        }

        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = most };
        settings.MinPoolSize = Math.Min(settings.MinPoolSize, most);
        return settings.ConnectionString;
    }
}
