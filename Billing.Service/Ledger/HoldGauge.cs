using System.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Looks at the open holds now and then, for the metrics. What was seen last stays while the database is away.</summary>
internal sealed class HoldGauge(
    NpgsqlDataSource database, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time) : BackgroundService
{
    // All of them are in the index of open holds, and running calls are few.
    private const string Statement = "select count(*), coalesce(min(created_at), $1) from billing.holds where state = 'open'";

    private (long Count, DateTimeOffset Oldest)? _seen;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.ObserveHolds(() => _seen?.Count ?? 0, () => _seen is { Count: > 0 } seen ? (time.GetUtcNow() - seen.Oldest).TotalSeconds : 0);
        return base.StartAsync(cancellationToken);
    }

    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        _seen = (reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        do
        {
            try
            {
                using var untraced = new Activity("holds").Start();
                await LookAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or InvalidOperationException && !stoppingToken.IsCancellationRequested)
            {
                // DatabaseWatch says so already.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
