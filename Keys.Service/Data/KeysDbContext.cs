using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Tariffs;
using LlmGateway.Keys.Tokens;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Data;

/// <remarks>
/// To change the schema: change the table's configuration, add a migration by hand in <c>Migrations/</c> (the newest shows the form),
/// and run Keys.Tests, one of which compares what the migrations build with what this model asks for.
/// </remarks>
internal sealed class KeysDbContext(DbContextOptions<KeysDbContext> options) : DbContext(options)
{
    public const string Schema = "keys";

    public DbSet<Account> Accounts => Set<Account>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<ApiKeySecret> KeySecrets => Set<ApiKeySecret>();

    public DbSet<Tariff> Tariffs => Set<Tariff>();

    public DbSet<ChangeRecord> Changes => Set<ChangeRecord>();

    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfiguration(new AccountsTable());
        modelBuilder.ApplyConfiguration(new ApiKeysTable());
        modelBuilder.ApplyConfiguration(new KeySecretsTable());
        modelBuilder.ApplyConfiguration(new TariffsTable());
        modelBuilder.ApplyConfiguration(new TariffVersionsTable());
        modelBuilder.ApplyConfiguration(new ChangesTable());
        modelBuilder.ApplyConfiguration(new AuditEntriesTable());
        modelBuilder.ApplyConfiguration(new SigningKeysTable());
    }
}

internal static class KeysDatabase
{
    public static void AddKeysDatabase(this IHostApplicationBuilder builder)
    {
        builder.AddNpgsqlDbContext<KeysDbContext>("keysdb", configureDbContextOptions: Configure);
        builder.AddMigrations<KeysDbContext>();
        builder.AddKeysDataSource();
    }

    // The history is in the schema too, because one database may hold the schemas of all services.
    public static void Configure(DbContextOptionsBuilder options) =>
        options.UseNpgsql(npgsql => npgsql.MigrationsHistoryTable("__migrations", KeysDbContext.Schema));
}
