using LlmGateway.Protos.Keys.V1;
using Npgsql;

namespace LlmGateway.Keys.Changes;

/// <summary>The changes after a position, as one look at the database found them.</summary>
/// <param name="Changes">In the order of their positions, with them; at most <see cref="MaxChanges"/>.</param>
/// <param name="Oldest">The position of the oldest change that is kept; 0 for none.</param>
/// <param name="Newest">Likewise of the newest.</param>
internal sealed record ChangeBatch(IReadOnlyList<(long Position, Change Change)> Changes, long Oldest, long Newest)
{
    public const int MaxChanges = 1000;

    // One statement, hence one moment: what is known and what there is belong together.
    private const string Sql =
        """
        SELECT b.oldest, b.newest, c.position, c.thing, c.subject, greatest(extract(epoch FROM clock_timestamp() - c.changed_at), 0)::float8
        FROM (SELECT coalesce(min(position), 0) AS oldest, coalesce(max(position), 0) AS newest FROM keys.changes) b
        LEFT JOIN LATERAL (
            SELECT position, thing, subject, changed_at FROM keys.changes WHERE position > $1 ORDER BY position LIMIT $2) c ON true
        ORDER BY c.position
        """;

    public bool IsComplete => Changes.Count == 0 || Changes[^1].Position == Newest;

    /// <summary>
    /// Whether nothing after this position is missing. Positions have gaps where a transaction was rolled back, so it need not be one of
    /// those kept; one that is neither kept nor right before them may have had successors that were pruned. One beyond the newest comes
    /// from another history: the database was restored.
    /// </summary>
    public bool Knows(long position) => position >= Oldest - 1 && position <= Newest;

    /// <param name="database">Where.</param>
    /// <param name="after">Null for nothing but the bounds.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    public static async Task<ChangeBatch> ReadAsync(NpgsqlDataSource database, long? after, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after ?? long.MaxValue });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MaxChanges });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new List<(long, Change)>();
        var (oldest, newest) = (0L, 0L);
        while (await reader.ReadAsync(cancellationToken))
        {
            (oldest, newest) = (reader.GetInt64(0), reader.GetInt64(1));
            if (!reader.IsDBNull(2))
            {
                var change = ToChange(reader.GetString(3), reader.GetString(4));
                change.Age = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromSeconds(reader.GetDouble(5)));
                changes.Add((reader.GetInt64(2), change));
            }
        }

        return new ChangeBatch(changes, oldest, newest);
    }

    private static Change ToChange(string thing, string subject) => Enum.Parse<ChangedThing>(thing, ignoreCase: true) switch
    {
        ChangedThing.Key => new Change { KeyId = subject },
        ChangedThing.Account => new Change { AccountId = subject },
        ChangedThing.Tariff => new Change { TariffId = subject },
        ChangedThing.Everything => new Change { Everything = true },
        var other => throw new InvalidOperationException($"keys.changes has a {other}."),
    };
}
