using System.Diagnostics;
using LlmGateway.Billing.Ledger;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Alerts;

/// <summary>
/// Looks at accounts that have alerts and have spent something since the last look. Any number of replicas may look at once: the event of
/// an alert in its window can be written only once.
/// </summary>
internal sealed partial class AlertWatch(
    NpgsqlDataSource database, IOptions<AlertOptions> options, BillingMetrics metrics, TimeProvider time, ILogger<AlertWatch> logger)
    : BackgroundService
{
    private const int NotesPerTransaction = 500;

    /// <returns>How many alerts have fired.</returns>
    public async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        int taken;
        do
        {
            (taken, var fired) = await FireAsync(cancellationToken);
            total += fired;
        }
        while (taken == NotesPerTransaction);

        if (total > 0)
        {
            metrics.AlertsFired(total);
            Log.Fired(logger, total);
        }

        return total;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // A parent that is not sampled: mostly nobody has spent anything.
                using var untraced = new Activity("look at spending").Start();
                await LookAsync(stoppingToken);
                failed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it must not end the looking. Once for an outage, not at each look.
                if (!failed)
                {
                    Log.Failed(logger, exception);
                }

                failed = true;
            }
        }
    }

    private async Task<(int Taken, int Fired)> FireAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select r_taken, r_fired from billing.fire_alerts($1, $2, $3)");
        command.Parameters.AddOne(NotesPerTransaction);
        command.Parameters.AddOne(options.Value.HasWebhook);
        command.Parameters.AddOne(time.GetUtcNow());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} spend alerts have fired.")]
        public static partial void Fired(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Error, "Spending could not be looked at; the next look tries again, and misses nothing.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
