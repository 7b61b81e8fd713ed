using System.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Gives back, or charges, holds whose calls are gone without a word. Any number of replicas may sweep at once.</summary>
internal sealed partial class ExpirySweeper(
    NpgsqlDataSource database, DatabaseWatch watch, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time,
    ILogger<ExpirySweeper> logger)
    : BackgroundService
{
    // Its accounts stay locked until the commit, so a sweep is many short transactions rather than a long one.
    private const int HoldsPerTransaction = 200;

    // By each sweep, and there are several a minute.
    private const int LoggedFailures = 5;

    // When this process began to hear from callers, or to hear from them again.
    private (DateTimeOffset At, int Outages) _heard = (time.GetUtcNow(), watch.Outages);

    /// <returns>How many holds were expired.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var (now, total, failed) = (time.GetUtcNow(), 0, 0);
        if (MayStillBeTold(now))
        {
            return 0;
        }

        IReadOnlyList<DueHold> due;
        var last = new DueHold(DateTimeOffset.MinValue, "");
        do
        {
            // On behind the last one, whatever became of it: one that cannot be closed does not keep the rest.
            due = await DueHold.FindAsync(database, now, last, HoldsPerTransaction, cancellationToken);
            if (due.Count > 0)
            {
                last = due[^1];
                var (expired, left) = await ExpireAsync(due.Select(hold => hold.RequestId).ToArray(), now, failed, cancellationToken);
                (total, failed) = (total + expired, failed + left);
            }
        }
        while (due.Count == HoldsPerTransaction);

        if (total > 0)
        {
            metrics.Expired(total);
            Log.Expired(logger, total, options.Value.ExpiredHolds);
        }

        if (failed > LoggedFailures)
        {
            Log.Left(logger, failed);
        }

        return total;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        do
        {
            try
            {
                // A parent that is not sampled: mostly nothing is due.
                using var untraced = new Activity("sweep").Start();
                await SweepAsync(stoppingToken);
                failed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was, it must not end the sweeping. Once for an outage, not at each sweep.
                if (!failed)
                {
                    Log.Failed(logger, exception);
                }

                failed = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // What ended while this process or the database was away waits to be told. Money that is given back meanwhile can still be settled; what
    // is charged, somebody sees on the bill.
    private bool MayStillBeTold(DateTimeOffset now)
    {
        if (_heard.Outages != watch.Outages)
        {
            _heard = (now, watch.Outages);
        }

        return options.Value.ExpiredHolds == ExpiredHolds.Settle && now - _heard.At < options.Value.ChargeDelay;
    }

    /// <param name="failed">How many of this sweep could not be closed before.</param>
    private async Task<(int Expired, int Failed)> ExpireAsync(
        ReadOnlyMemory<string> requestIds, DateTimeOffset now, int failed, CancellationToken cancellationToken)
    {
        try
        {
            return (await ExpireOnceAsync(requestIds.ToArray(), now, cancellationToken), 0);
        }
        catch (Exception exception) when (LineFailure.IsByOneLine(exception))
        {
            if (requestIds.Length == 1)
            {
                if (failed < LoggedFailures)
                {
                    Log.NotClosed(logger, exception, requestIds.Span[0]);
                }

                return (0, 1);
            }
        }

        var half = requestIds.Length / 2;
        var first = await ExpireAsync(requestIds[..half], now, failed, cancellationToken);
        var second = await ExpireAsync(requestIds[half..], now, failed + first.Failed, cancellationToken);
        return (first.Expired + second.Expired, first.Failed + second.Failed);
    }

    private async Task<int> ExpireOnceAsync(string[] requestIds, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select billing.expire($1, $2)", connection);
        command.Parameters.AddTexts(requestIds, requestId => requestId);
        command.Parameters.AddOne(now);
        var expired = (string[])(await command.ExecuteScalarAsync(cancellationToken))!;
        IReadOnlyList<SettledCall?> charged = [];
        if (options.Value.ExpiredHolds == ExpiredHolds.Settle && expired.Length > 0)
        {
            // The accounts stay locked meanwhile, so that nobody takes what was held.
            var lines = await ExpiredCalls.PriceAsync(connection, expired, options.Value, now, cancellationToken);
            charged = await ExpiredCalls.ChargeAsync(connection, lines, now, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        foreach (var call in charged)
        {
            metrics.Settled(call!);
        }

        return expired.Length;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Count} holds were neither settled nor released nor renewed in time. By the rule for them: {Rule}.")]
        public static partial void Expired(ILogger logger, int count, ExpiredHolds rule);

        [LoggerMessage(2, LogLevel.Error, "The sweep for expired holds failed; the next one tries again.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(3, LogLevel.Error, "The expired hold of call {RequestId} cannot be closed, and keeps its money. The others are expired without it.")]
        public static partial void NotClosed(ILogger logger, Exception exception, string requestId);

        [LoggerMessage(4, LogLevel.Error, "{Count} expired holds cannot be closed, more than are named.")]
        public static partial void Left(ILogger logger, int count);
    }
}
