using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Alerts;

/// <summary>The alerts of an account, and which of them have fired.</summary>
internal sealed class AlertList(NpgsqlDataSource database, TimeProvider time)
{
    public const int MostAlerts = 20;
    private const int MostEvents = 50;

    /// <returns>By window and amount; the newest events, newest first; and who set the alerts, null where nobody ever did.</returns>
    public async Task<(IReadOnlyList<Alert> Alerts, IReadOnlyList<AlertEvent> Events, AlertAuthor? Author)> GetAsync(
        string accountId, CancellationToken cancellationToken)
    {
        var alerts = new List<Alert>();
        await using (var command = database.CreateCommand("select kind, amount from billing.alerts where account_id = $1 order by kind, amount"))
        {
            command.Parameters.AddOne(accountId);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                alerts.Add(new(new NanoUsd(reader.GetInt64(1)), AlertWindows.Parse(reader.GetString(0))));
            }
        }

        await using var newest = database.CreateCommand(
            $"select {AlertRows.Columns} from billing.alert_events where account_id = $1 order by id desc limit $2");
        newest.Parameters.AddOne(accountId);
        newest.Parameters.AddOne(MostEvents);
        return (alerts, await AlertRows.ReadAllAsync(newest, cancellationToken), await AuthorAsync(accountId, cancellationToken));
    }

    /// <summary>Replaces them all. One whose window has spent as much already fires at the next look.</summary>
    public async Task SetAsync(string accountId, IReadOnlyList<Alert> alerts, Actor actor, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select billing.set_alerts($1, $2, $3, $4, $5)");
        command.Parameters.AddOne(accountId);
        command.Parameters.AddTexts(alerts, alert => alert.Window.Name());
        command.Parameters.AddLongs(alerts, alert => alert.Amount.Value);
        command.Parameters.Add(new NpgsqlParameter { Value = actor.ToJson(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.AddOne(time.GetUtcNow());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<AlertAuthor?> AuthorAsync(string accountId, CancellationToken cancellationToken)
    {
        await using var last = database.CreateCommand(
            "select actor, created_at from billing.alert_settings where account_id = $1 order by id desc limit 1");
        last.Parameters.AddOne(accountId);
        await using var reader = await last.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new(Actor.FromJson(reader.GetString(0)), reader.GetFieldValue<DateTimeOffset>(1))
            : null;
    }
}
