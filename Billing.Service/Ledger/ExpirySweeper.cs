using System.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Gives back, or charges, holds whose calls are gone without a word. Any number of replicas may sweep at once.</summary>
internal sealed partial class ExpirySweeper(
    NpgsqlDataSource database, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time, ILogger<ExpirySweeper> logger)
    : BackgroundService
{
    // Its accounts stay locked until the commit, so a sweep is many short transactions rather than a long one.
    private const int HoldsPerTransaction = 200;

    /// <returns>How many holds were expired.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        int found;
        do
        {
            // What was found and not expired is another replica's doing, or a settlement's; there may be more behind it.
            (found, var expired) = await ExpireAsync(cancellationToken);
            total += expired;
        }
        while (found == HoldsPerTransaction);

        if (total > 0)
        {
            metrics.Expired(total);
            Log.Expired(logger, total, options.Value.ExpiredHolds);
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

    private async Task<(int Found, int Expired)> ExpireAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (found, expired) = await ExpireAsync(connection, now, cancellationToken);
        IReadOnlyList<SettledCall?> charged = [];
        if (options.Value.ExpiredHolds == ExpiredHolds.Settle && expired.Length > 0)
        {
            // The accounts stay locked meanwhile, so that nobody takes what was held.
            var lines = await ExpiredCalls.PriceAsync(connection, expired, options.Value, now, cancellationToken);
            charged = lines.Count > 0 ? await SettleStatement.ExecuteAsync(connection, lines, now, cancellationToken) : [];
        }

        await transaction.CommitAsync(cancellationToken);
        foreach (var call in charged)
        {
            metrics.Settled(call!);
        }

        return (found, expired.Length);
    }

    private static async Task<(int Found, string[] Expired)> ExpireAsync(
        NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select r_found, r_expired from billing.expire($1, $2)", connection);
        command.Parameters.AddOne(now);
        command.Parameters.AddOne(HoldsPerTransaction);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt32(0), reader.GetFieldValue<string[]>(1));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Count} holds were neither settled nor released nor renewed in time. By the rule for them: {Rule}.")]
        public static partial void Expired(ILogger logger, int count, ExpiredHolds rule);

        [LoggerMessage(2, LogLevel.Error, "The sweep for expired holds failed; the next one tries again.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
