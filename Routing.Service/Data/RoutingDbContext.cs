using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Routing.Data;

/// <remarks>
/// To change the schema: change the table's configuration, add a migration by hand in <c>Migrations/</c> (the newest shows the form),
/// and run Routing.Tests, one of which compares what the migrations build with what this model asks for.
/// </remarks>
internal sealed class RoutingDbContext(DbContextOptions<RoutingDbContext> options) : DbContext(options)
{
    public const string Schema = "routing";

    public DbSet<PendingSettlement> PendingSettlements => Set<PendingSettlement>();

    public DbSet<CatalogEntryRow> CatalogEntries => Set<CatalogEntryRow>();

    public DbSet<CatalogVersion> CatalogVersions => Set<CatalogVersion>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfiguration(new PendingSettlementsTable());
        modelBuilder.ApplyConfiguration(new CatalogEntriesTable());
        modelBuilder.ApplyConfiguration(new CatalogVersionsTable());
    }
}

internal static class RoutingDatabase
{
    public static void AddRoutingDatabase(this IHostApplicationBuilder builder)
    {
        // The outbox repeats by itself, and asks Billing in between; the context would retry for a minute on its own.
        builder.AddNpgsqlDbContext<RoutingDbContext>("routingdb", settings => settings.DisableRetry = true, Configure);
        builder.AddMigrations<RoutingDbContext>();
        builder.Services.AddSingleton<SettlementOutbox>();
        builder.Services.AddHostedService<SettlementSender>();
        builder.Services.AddSingleton<StoredCatalog>();
        builder.Services.AddSingleton<CatalogFeed>();
        builder.Services.AddHostedService(services => services.GetRequiredService<CatalogFeed>());
        builder.Services.AddHealthChecks().AddCheck<CatalogFeed>("catalogue", tags: [HealthEndpoints.Ready]);
    }

    // The history is in the schema too, because one database may hold the schemas of all services.
    public static void Configure(DbContextOptionsBuilder options) =>
        options.UseNpgsql(npgsql => npgsql.MigrationsHistoryTable("__migrations", RoutingDbContext.Schema));
}
