using LlmGateway.Keys.Verification;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Keys.Tests.Verification;

public sealed class KeyStatementTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Among_many_keys_secrets_and_tokens_are_found_by_index(int secrets)
    {
        var database = await postgres.CreateKeysDatabaseAsync();
        await using var host = await KeysHost.StartAsync(database, "sk-a", "sk-administrator");
        await using var db = Database.Open(database);
        await db.Database.ExecuteSqlRawAsync("""
            INSERT INTO keys.api_keys (id, account_id, name, role, source, created_at)
                SELECT gen_random_uuid(), 'default', 'key ' || n, 'account', 'issued', now() FROM generate_series(1, 5000) n;
            INSERT INTO keys.key_secrets (secret_hash, key_id, masked, created_at) SELECT sha256(id::text::bytea), id, 'sk-...', now() FROM keys.api_keys;
            INSERT INTO keys.changes (thing, subject) SELECT 'key', id FROM keys.api_keys;
            ANALYZE;
            """);

        var plan = await ExplainAsync(database, secrets);

        plan.ShouldContain("key_secrets_pkey", Case.Sensitive, plan);
        plan.ShouldContain("changes_pkey");
        plan.ShouldNotContain("Seq Scan on key_secrets");
        plan.ShouldNotContain("Seq Scan on api_keys");
        plan.ShouldNotContain("Seq Scan on changes");
    }

    private static async Task<string> ExplainAsync(string database, int secrets)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("EXPLAIN " + KeyStatement.Sql);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. Enumerable.Range(0, secrets).Select(n => new byte[] { (byte)n })] });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [Guid.NewGuid()] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ["default"] });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = TimeProvider.System.GetUtcNow() });
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
