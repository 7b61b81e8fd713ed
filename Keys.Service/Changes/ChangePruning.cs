using LlmGateway.Keys.Data;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.Changes;

/// <summary>Forgets changes that every gateway has long seen. Replicas take turns.</summary>
internal sealed partial class ChangePruning(
    IServiceScopeFactory scopes, IOptions<ChangesOptions> options, TimeProvider time, ILogger<ChangePruning> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>
    /// Of the changes that are old enough the newest stays. So the oldest one kept says up to where the log was pruned, which no column
    /// has to; and the log is never empty once it has had a change, so that a restored database shows by a newest position that went back.
    /// </summary>
    /// <returns>How many it forgot.</returns>
    public static async Task<int> PruneAsync(KeysDbContext db, int keepDays, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await DatabaseLock.HoldForTransactionAsync(db, "prune keys changes", cancellationToken);
        var pruned = await db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM keys.changes WHERE position < (
                SELECT max(position) FROM keys.changes WHERE changed_at < clock_timestamp() - make_interval(days => {keepDays}))
            """,
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return pruned;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<KeysDbContext>();
                await db.Database.CreateExecutionStrategy().ExecuteAsync(cancel => PruneAsync(db, options.Value.KeepDays, cancel), stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Old changes were not pruned; it is tried again in an hour.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
