using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests;

/// <summary>A look at what the service stored.</summary>
internal static class Database
{
    /// <summary>An empty database of Keys, migrated, whose connection string is returned.</summary>
    public static Task<string> CreateKeysDatabaseAsync(this PostgresFixture postgres) => postgres.CreateDatabaseAsync("keys", async original =>
    {
        await using var db = Open(original);
        await db.Database.MigrateAsync();
    });

    public static KeysDbContext Open(string connectionString)
    {
        var options = new DbContextOptionsBuilder<KeysDbContext>().UseNpgsql(connectionString);
        KeysDatabase.Configure(options);
        return new KeysDbContext(options.Options);
    }

    public static async Task<List<ApiKey>> KeysAsync(string connectionString)
    {
        await using var db = Open(connectionString);
        return await db.ApiKeys.Include(key => key.Secrets).AsSplitQuery().OrderBy(key => key.Id).ToListAsync();
    }

    public static async Task<List<string>> LinesAsync(this KeysDbContext db, string sql) => await db.Database.SqlQueryRaw<string>(sql).ToListAsync();
}
