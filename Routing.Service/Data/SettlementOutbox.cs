using System.Data.Common;
using Google.Protobuf;
using LlmGateway.Protos.Billing.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Routing.Data;

/// <summary>Settlements that wait for Billing, on disk: they survive this process.</summary>
internal sealed partial class SettlementOutbox(
    IServiceScopeFactory scopes, RoutingMetrics metrics, TimeProvider time, ILogger<SettlementOutbox> logger)
{
    /// <returns>True when the settlement is durable.</returns>
    public Task<bool> TryAddAsync(SettleRequest request, HoldRequest hold) => TryAsync(request.RequestId, async db =>
    {
        var (bytes, holdBytes) = (request.ToByteArray(), hold.ToByteArray());
        var now = time.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO routing.pending_settlements (request_id, request, hold, created_at)
             VALUES ({request.RequestId}, {bytes}, {holdBytes}, {now}) ON CONFLICT DO NOTHING
             """);
        metrics.SettlementDeferred();
        Log.Written(logger, request.RequestId);
    });

    /// <summary>Billing has it. Should this fail, the sender sends it once more, to no effect, and removes it.</summary>
    public Task<bool> TryRemoveAsync(string requestId) => TryAsync(requestId, db =>
        db.PendingSettlements.Where(settlement => settlement.RequestId == requestId).ExecuteDeleteAsync());

    public Task<bool> TryMarkRefusedAsync(string requestId, string reason) => TryAsync(requestId, db =>
        db.PendingSettlements.Where(settlement => settlement.RequestId == requestId)
            .ExecuteUpdateAsync(set => set.SetProperty(settlement => settlement.Refusal, reason)));

    /// <summary>The oldest that Billing has not refused.</summary>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<IReadOnlyList<(SettleRequest Request, HoldRequest Hold)>> WaitingAsync(int most, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements
            .AsNoTracking().Where(settlement => settlement.Refusal == null).OrderBy(settlement => settlement.CreatedAt).Take(most)
            .Select(settlement => new { settlement.Request, settlement.Hold }).ToListAsync(cancellationToken);
        return [.. rows.Select(row => (SettleRequest.Parser.ParseFrom(row.Request), HoldRequest.Parser.ParseFrom(row.Hold)))];
    }

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

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The settlement of {RequestId} is in the outbox until Billing takes it.")]
        public static partial void Written(ILogger logger, string requestId);

        [LoggerMessage(2, LogLevel.Error, "The outbox cannot be written for {RequestId}: {Reason}")]
        public static partial void Failed(ILogger logger, string requestId, string reason);
    }
}
