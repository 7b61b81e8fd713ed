using LlmGateway.Routing.Data;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Routing.Tests.Data;

public sealed class MigrationTests
{
    private const string Columns =
        """
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(character_maximum_length::text, '')
        FROM information_schema.columns WHERE table_schema = 'routing' AND table_name <> '__migrations'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'routing' AND tablename <> '__migrations'
        ORDER BY 1
        """;

    [Fact]
    public async Task The_migrations_build_what_the_model_asks_for()
    {
        var migrated = await new PostgresFixture().CreateDatabaseAsync();
        var created = await new PostgresFixture().CreateDatabaseAsync();
        await using (var db = Context(migrated))
        {
            await db.Database.MigrateAsync();
        }

        await using (var db = Context(created))
        {
            await ExecuteAsync(created, db.Database.GenerateCreateScript());
        }

        var actual = await ReadAsync(migrated);
        actual.ShouldBe(await ReadAsync(created));
        actual.Count.ShouldBeGreaterThan(4);
    }

    private static RoutingDbContext Context(string database)
    {
        var options = new DbContextOptionsBuilder<RoutingDbContext>();
        options.UseNpgsql(database);
        RoutingDatabase.Configure(options);
        return new RoutingDbContext(options.Options);
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<List<string>> ReadAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(Columns);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }
}
