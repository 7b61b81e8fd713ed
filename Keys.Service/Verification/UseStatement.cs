using Npgsql;

namespace LlmGateway.Keys.Verification;

/// <summary>Writes when keys were last used: any number in one statement.</summary>
internal static class UseStatement
{
    // Rows are locked in the order of their ids before any is written, so that two batches with the same keys cannot wait for each other.
    // A row that has the later time already is neither locked nor written.
    private const string Sql =
        """
        WITH uses AS (
            SELECT u.id, max(u.used_at) AS used_at FROM unnest($1::uuid[], $2::timestamptz[]) AS u (id, used_at) GROUP BY u.id
        ), locked AS MATERIALIZED (
            SELECT k.id, u.used_at FROM keys.api_keys k JOIN uses u ON u.id = k.id
            WHERE k.last_used_at IS NULL OR k.last_used_at < u.used_at
            ORDER BY k.id FOR NO KEY UPDATE OF k
        )
        UPDATE keys.api_keys k SET last_used_at = greatest(k.last_used_at, l.used_at) FROM locked l WHERE k.id = l.id
        """;

    /// <summary>Keys that are not known are left out.</summary>
    public static async Task ExecuteAsync(
        NpgsqlDataSource database, Guid[] keyIds, DateTimeOffset[] usedAt, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = keyIds });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = usedAt });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
