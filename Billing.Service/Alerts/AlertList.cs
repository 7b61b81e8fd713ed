using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Alerts;

/// <summary>The alerts of an account, and which of them have fired.</summary>
internal sealed class AlertList(NpgsqlDataSource database, TimeProvider time)
{
    public const int MostAlerts = 20;
    private const int MostEvents = 50;

    /// <returns>By window and amount; the newest events, newest first.</returns>
    public async Task<(IReadOnlyList<Alert> Alerts, IReadOnlyList<AlertEvent> Events)> GetAsync(string accountId, CancellationToken cancellationToken)
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
        return (alerts, await AlertRows.ReadAllAsync(newest, cancellationToken));
    }

    /// <summary>Replaces them all. One whose window has spent as much already fires at the next look.</summary>
    public async Task SetAsync(string accountId, IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select billing.set_alerts($1, $2, $3, $4)");
        command.Parameters.AddOne(accountId);
        command.Parameters.AddTexts(alerts, alert => alert.Window.Name());
        command.Parameters.AddLongs(alerts, alert => alert.Amount.Value);
        command.Parameters.AddOne(time.GetUtcNow());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
