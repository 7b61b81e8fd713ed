using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tests.Data;

public sealed class SchemaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Columns = """
        SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable, column_default) AS "Value"
        FROM information_schema.columns WHERE table_schema = 'keys' AND table_name <> '__migrations' ORDER BY 1
        """;

    private const string Constraints = """
        SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS "Value"
        FROM pg_constraint WHERE connamespace = 'keys'::regnamespace AND conrelid <> COALESCE(to_regclass('keys.__migrations'), 0) ORDER BY 1
        """;

    private const string Indexes = """
        SELECT indexdef AS "Value" FROM pg_indexes WHERE schemaname = 'keys' AND tablename <> '__migrations' ORDER BY 1
        """;

    [Fact]
    public async Task The_migrations_build_what_the_model_asks_for()
    {
        await using var migrated = Database.Open(await postgres.CreateDatabaseAsync());
        await using var created = Database.Open(await postgres.CreateDatabaseAsync());
        await migrated.Database.MigrateAsync();
        // Not ExecuteSqlRaw, to which the braces of an empty JSON object are a parameter.
        await created.Database.OpenConnectionAsync();
        await using (var command = created.Database.GetDbConnection().CreateCommand())
        {
            command.CommandText = created.Database.GenerateCreateScript();
            await command.ExecuteNonQueryAsync();
        }


        foreach (var query in (string[])[Columns, Constraints, Indexes])
        {
            var expected = await created.LinesAsync(query);
            expected.ShouldNotBeEmpty();
            (await migrated.LinesAsync(query)).ShouldBe(expected);
        }
    }
}
