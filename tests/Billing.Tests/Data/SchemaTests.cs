using LlmGateway.Billing.Data;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Billing.Tests.Data;

public sealed class SchemaTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const string Facts =
        """
        select format('column %s.%s %s nullable=%s default=%s identity=%s', table_name, column_name, data_type, is_nullable, column_default, identity_generation)
        from information_schema.columns where table_schema = 'billing' and table_name not like '\_\_%'
        union all
        select format('constraint %s %s %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
        from pg_constraint c join pg_namespace n on n.oid = c.connamespace
        where n.nspname = 'billing' and c.conrelid::regclass::text not like '%\_\_%'
        union all
        select indexdef from pg_indexes where schemaname = 'billing' and tablename not like '\_\_%'
        order by 1
        """;

    [Fact]
    public async Task The_migrations_build_what_the_model_says()
    {
        var created = await new PostgresFixture().CreateDatabaseAsync();
        var script = await billing.ReadAsync(db => Task.FromResult(db.Database.GenerateCreateScript()));
        await using (var database = NpgsqlDataSource.Create(created))
        await using (var command = database.CreateCommand(script))
        {
            await command.ExecuteNonQueryAsync();
        }

        var migrated = await FactsAsync(billing.ConnectionString);

        migrated.Count.ShouldBeGreaterThan(80);
        migrated.ShouldBe(await FactsAsync(created));
    }

    [Theory]
    [InlineData("update billing.postings set balance_after = 0")]
    [InlineData("delete from billing.entries")]
    [InlineData("truncate billing.charges")]
    [InlineData("update billing.price_versions set input = 0")]
    [InlineData("delete from billing.reratings")]
    [InlineData("update billing.bookings set note = 'another'")]
    [InlineData("truncate billing.bookings")]
    [InlineData("delete from billing.overdraft_changes")]
    [InlineData("update billing.alert_settings set account_id = 'another'")]
    public async Task The_ledger_is_append_only(string statement)
    {
        await using var command = billing.Database.CreateCommand(statement);

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).MessageText.ShouldContain("append-only");
    }

    [Fact]
    public async Task Migrating_again_changes_nothing() =>
        (await billing.ReadAsync(db => db.Database.GetPendingMigrationsAsync())).ShouldBeEmpty();

    private static async Task<List<string>> FactsAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var command = database.CreateCommand(Facts);
        await using var reader = await command.ExecuteReaderAsync();
        var facts = new List<string>();
        while (await reader.ReadAsync())
        {
            facts.Add(reader.GetString(0));
        }

        return facts;
    }
}
