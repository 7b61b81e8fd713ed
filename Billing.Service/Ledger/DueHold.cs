using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>An open hold that nobody closed or renewed in time.</summary>
internal sealed record DueHold(DateTimeOffset ExpiresAt, string RequestId)
{
    /// <returns>So many at most, the oldest first, behind the last one seen.</returns>
    public static async Task<IReadOnlyList<DueHold>> FindAsync(
        NpgsqlDataSource database, DateTimeOffset now, DueHold last, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            select h.expires_at, h.request_id from billing.holds h
            where h.state = 'open' and h.expires_at <= $1 and h.expires_at >= $2 and (h.expires_at, h.request_id) > ($2, $3)
            order by h.expires_at, h.request_id limit $4
            """);
        command.Parameters.AddOne(now);
        command.Parameters.AddOne(last.ExpiresAt);
        command.Parameters.AddOne(last.RequestId);
        command.Parameters.AddOne(limit);
        var due = new List<DueHold>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            due.Add(new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1)));
        }

        return due;
    }
}
