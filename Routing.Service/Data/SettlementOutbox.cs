using System.Data.Common;
using Google.Protobuf;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Routing.Data;

/// <summary>Settlements that wait for Billing, on disk: they survive this process. Those that Billing refused stay, for the operator.</summary>
internal sealed partial class SettlementOutbox(
    IServiceScopeFactory scopes, RoutingMetrics metrics, TimeProvider time, ILogger<SettlementOutbox> logger)
{
    private const int LongestReason = 1000;

    /// <returns>True when the settlement is durable.</returns>
    public Task<bool> TryAddAsync(SettleRequest request, HoldRequest hold) => TryAsync(request.RequestId, async db =>
    {
        var (bytes, holdBytes) = (request.ToByteArray(), hold.ToByteArray());
        var now = time.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO routing.pending_settlements (request_id, request, hold, created_at, due_at)
             VALUES ({request.RequestId}, {bytes}, {holdBytes}, {now}, {now}) ON CONFLICT DO NOTHING
             """);
        metrics.SettlementDeferred();
        Log.Written(logger, request.RequestId);
    });

    /// <summary>Billing has it. Should this fail, the sender sends it once more, to no effect, and removes it.</summary>
    public Task<bool> TryRemoveAsync(string requestId) => TryAsync(requestId, db =>
        db.PendingSettlements.Where(settlement => settlement.RequestId == requestId).ExecuteDeleteAsync());

    /// <summary>Billing will never take it: it is kept with the reason, and not sent again.</summary>
    public Task<bool> TryRefuseAsync(SettleRequest request, HoldRequest hold, SettlementRefusal refusal) => TryRefuseAsync(
        request.RequestId, request.ToByteArray(), hold.ToByteArray(), refusal,
        $$"""{"settlement":{{JsonFormatter.Default.Format(request)}},"hold":{{JsonFormatter.Default.Format(hold)}}}""");

    /// <summary>The same of one that cannot be read.</summary>
    public Task<bool> TryRefuseAsync(WaitingSettlement settlement, SettlementRefusal refusal) =>
        TryRefuseAsync(settlement.RequestId, settlement.Request, settlement.Hold, refusal, details: null);

    /// <summary>Billing failed with it: others go first.</summary>
    public Task<bool> TryPostponeAsync(string requestId, TimeSpan pause, string failure)
    {
        var (due, reason) = (time.GetUtcNow() + pause, Storable(failure));
        return TryAsync(requestId, db => db.PendingSettlements.Where(settlement => settlement.RequestId == requestId)
            .ExecuteUpdateAsync(set => set.SetProperty(settlement => settlement.Attempts, settlement => settlement.Attempts + 1)
                .SetProperty(settlement => settlement.DueAt, due).SetProperty(settlement => settlement.Failure, reason)));
    }

    /// <summary>Those whose turn it is: the ones that failed least often first, and of those the oldest.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<IReadOnlyList<WaitingSettlement>> WaitingAsync(int most, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements.AsNoTracking()
            .Where(settlement => settlement.Refusal == null && settlement.DueAt <= now)
            .OrderBy(settlement => settlement.Attempts).ThenBy(settlement => settlement.CreatedAt).Take(most)
            .Select(settlement => new WaitingSettlement(settlement.RequestId, settlement.Request, settlement.Hold, settlement.Attempts))
            .ToListAsync(cancellationToken);
    }

    private Task<bool> TryRefuseAsync(string requestId, byte[] request, byte[] hold, SettlementRefusal refusal, string? details) =>
        TryAsync(requestId, async db =>
        {
            var (now, reason) = (time.GetUtcNow(), Storable(refusal.ToString()));
            var refused = await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO routing.pending_settlements AS p (request_id, request, hold, created_at, due_at, refusal, details)
                 VALUES ({requestId}, {request}, {hold}, {now}, {now}, {reason}, {details}::json)
                 ON CONFLICT (request_id) DO UPDATE SET refusal = excluded.refusal, details = excluded.details WHERE p.refusal IS NULL
                 """);
            if (refused > 0)
            {
                metrics.SettlementRefused(refusal.Reason);
                Log.Refused(logger, requestId, reason);
            }
        });

    private async Task<bool> TryAsync(string requestId, Func<RoutingDbContext, Task> action)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await action(scope.ServiceProvider.GetRequiredService<RoutingDbContext>());
            return true;
        }
        catch (Exception e)
        {
            // Whatever it was: the caller has the settlement still, and goes on trying. An exception would lose it.
            Log.Failed(logger, requestId, e.GetBaseException().Message);
            return false;
        }
    }

    // PostgreSQL's text has no zero characters.
    private static string Storable(string reason) =>
        (reason.Length > LongestReason ? reason[..LongestReason] : reason).Replace('\0', ' ');

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The settlement of {RequestId} is in the outbox until Billing takes it.")]
        public static partial void Written(ILogger logger, string requestId);

        [LoggerMessage(2, LogLevel.Error, "The outbox cannot be written for {RequestId}: {Reason}")]
        public static partial void Failed(ILogger logger, string requestId, string reason);

        [LoggerMessage(3, LogLevel.Error,
            "Billing refuses the settlement of {RequestId}: {Reason}. The call is not charged; routing.pending_settlements keeps what it used.")]
        public static partial void Refused(ILogger logger, string requestId, string reason);
    }
}

/// <param name="Request">A serialised SettleRequest.</param>
/// <param name="Hold">A serialised HoldRequest.</param>
/// <param name="Attempts">How often Billing failed with it.</param>
internal sealed record WaitingSettlement(string RequestId, byte[] Request, byte[] Hold, int Attempts);
