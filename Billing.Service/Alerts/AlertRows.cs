using Npgsql;

namespace LlmGateway.Billing.Alerts;

/// <summary>Rows of billing.alert_events.</summary>
internal static class AlertRows
{
    public const string Columns = "id, account_id, kind, starts, amount, spend, fired_at, state, attempts, next_at, ended_at, last_error";

    public static async Task<List<AlertEvent>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var events = new List<AlertEvent>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            events.Add(Read(reader));
        }

        return events;
    }

    private static AlertEvent Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0),
        reader.GetString(1),
        new(new(reader.GetInt64(4)), AlertWindows.Parse(reader.GetString(2))),
        reader.GetFieldValue<DateOnly>(3),
        new(reader.GetInt64(5)),
        reader.GetFieldValue<DateTimeOffset>(6),
        new(
            reader.GetString(7),
            reader.GetInt32(8),
            reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9),
            reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10),
            reader.IsDBNull(11) ? null : reader.GetString(11)));
}
