using System.Diagnostics;
using LlmGateway.Billing.Ledger;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Alerts;

/// <summary>
/// Tells the webhook of each alert until it accepts it, or a day is over. Attempts are taken from the database one replica at a time; a
/// process that dies with one leaves it to the next. So an alert is delivered at least once, and its id tells a repetition.
/// </summary>
internal sealed partial class AlertSender(
    NpgsqlDataSource database, AlertWebhook webhook, IOptions<AlertOptions> options, BillingMetrics metrics, TimeProvider time,
    ILogger<AlertSender> logger)
    : BackgroundService
{
    /// <summary>From the firing on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    // A receiver that hangs for some does not keep the others waiting.
    private const int AtOnce = 16;

    /// <summary>After so many attempts that failed.</summary>
    public static TimeSpan Pause(int attempts) =>
        TimeSpan.FromSeconds(Math.Min(FirstPause.TotalSeconds * (1L << Math.Min(attempts - 1, 20)), LongestPause.TotalSeconds));

    /// <summary>Sends what is due.</summary>
    public async Task SendAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll((await TakeAsync(AtOnce, cancellationToken)).Select(alert => SendAsync(alert, cancellationToken)));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.HasWebhook)
        {
            return;
        }

        var (running, failed) = (new List<Task>(), false);
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                running.RemoveAll(sending => sending.IsCompleted);
                try
                {
                    // A parent that is not sampled: mostly nothing is due.
                    using var untraced = new Activity("send alerts").Start();
                    running.AddRange((await TakeAsync(AtOnce - running.Count, stoppingToken)).Select(alert => SendAsync(alert, stoppingToken)));
                    failed = false;
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // Whatever it was, it must not end the sending. Once for an outage, not at each look.
                    if (!failed)
                    {
                        Log.Failed(logger, exception);
                    }

                    failed = true;
                }
            }
        }
        finally
        {
            await Task.WhenAll(running);
        }
    }

    private async Task<List<AlertEvent>> TakeAsync(int most, CancellationToken cancellationToken)
    {
        if (most == 0)
        {
            return [];
        }

        // Twice the timeout: by then the attempt has failed by itself.
        var now = time.GetUtcNow();
        await using var command = database.CreateCommand($"select {AlertRows.Columns} from billing.take_alerts($1, $2, $3)");
        command.Parameters.AddOne(most);
        command.Parameters.AddOne(now);
        command.Parameters.AddOne(now + (2 * options.Value.Timeout) + FirstPause);
        return await AlertRows.ReadAllAsync(command, cancellationToken);
    }

    private async Task SendAsync(AlertEvent alert, CancellationToken cancellationToken)
    {
        try
        {
            var error = await webhook.PostAsync(alert, cancellationToken);
            var now = time.GetUtcNow();
            DateTimeOffset? next = error is null ? null : now + Pause(alert.Delivery.Attempts);
            var state = error is null ? "delivered" : next > alert.FiredAt + Patience ? "given_up" : "waiting";
            metrics.AlertAttempted(state);
            if (state == "given_up")
            {
                Log.GivenUp(logger, alert.Id, alert.AccountId, alert.Delivery.Attempts, error!);
            }

            await RecordAsync(alert.Id, state, state == "waiting" ? next : null, state == "waiting" ? null : now, error);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The attempt was not written down: it is made again.
            Log.NotRecorded(logger, exception, alert.Id);
        }
        catch (OperationCanceledException)
        {
            // The process stops, and the next one sends it.
        }
    }

    private async Task RecordAsync(long id, string state, DateTimeOffset? nextAt, DateTimeOffset? endedAt, string? error)
    {
        await using var command = database.CreateCommand(
            """
            update billing.alert_events set state = $2, next_at = $3, ended_at = $4, last_error = coalesce($5, last_error)
            where id = $1 and state = 'waiting'
            """);
        command.Parameters.AddOne(id);
        command.Parameters.AddOne(state);
        command.Parameters.AddTime(nextAt);
        command.Parameters.AddTime(endedAt);
        command.Parameters.AddText(error);
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Alert {Id} of account {Account} was not accepted in {Attempts} attempts and is given up: {Reason}.")]
        public static partial void GivenUp(ILogger logger, long id, string account, int attempts, string reason);

        [LoggerMessage(2, LogLevel.Warning, "How the sending of alert {Id} went could not be written down; it is sent again.")]
        public static partial void NotRecorded(ILogger logger, Exception exception, long id);

        [LoggerMessage(3, LogLevel.Error, "Alerts that are due could not be read; the next look tries again.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
