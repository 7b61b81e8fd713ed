using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Data;

/// <summary>
/// Sends what is in the outbox until Billing takes it: settlements whose clients or whose processes are gone. A call that still waits sends
/// its own too, and so may another replica; Billing settles once by request id. One that Billing fails with keeps nobody waiting: it is sent
/// again after pauses that grow, and the others go on.
/// </summary>
internal sealed partial class SettlementSender(
    SettlementCall settlements, SettlementOutbox outbox, TimeProvider time, ILogger<SettlementSender> logger)
    : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failed = false;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await SendAsync(stoppingToken);
                failed = false;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The next tick tries again, whatever it was. Once for an outage, not once a second.
                if (!failed)
                {
                    Log.Waiting(logger, e.GetBaseException().Message);
                }

                failed = true;
            }
            catch (RpcException)
            {
                // How a call ends that the stop cancelled.
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Sends all that waits.</summary>
    /// <exception cref="RpcException">Billing does not answer.</exception>
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        while (await outbox.WaitingAsync(Batch, cancellationToken) is { Count: > 0 } waiting)
        {
            var done = 0;
            foreach (var settlement in waiting)
            {
                done += await SendAsync(settlement, cancellationToken) ? 1 : 0;
            }

            if (done < waiting.Count)
            {
                // The database is in trouble: sending the same ones again at once would help nobody.
                return;
            }
        }
    }

    /// <returns>True when its turn is over: Billing has it, refused it or failed with it, and the outbox knows.</returns>
    private async Task<bool> SendAsync(WaitingSettlement settlement, CancellationToken cancellationToken)
    {
        try
        {
            var request = SettleRequest.Parser.ParseFrom(settlement.Request);
            var hold = HoldRequest.Parser.ParseFrom(settlement.Hold);
            var outcome = await settlements.SendAsync(request, hold, cancellationToken);
            if (outcome.Refusal is { } refusal)
            {
                return await outbox.TryRefuseAsync(request, hold, refusal);
            }

            Log.Sent(logger, request.RequestId);
            return await outbox.TryRemoveAsync(request.RequestId);
        }
        catch (InvalidProtocolBufferException e)
        {
            return await outbox.TryRefuseAsync(settlement, new SettlementRefusal("Unreadable", e.Message));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && (e is not RpcException rpc || SettlementCall.IsItsOwn(rpc)))
        {
            var (failure, pause) = ((e as RpcException)?.Status.Detail ?? e.GetBaseException().Message, Pause(settlement.Attempts));
            Log.Postponed(logger, settlement.RequestId, settlement.Attempts + 1, pause, failure);
            return await outbox.TryPostponeAsync(settlement.RequestId, pause, failure);
        }
    }

    private static TimeSpan Pause(int attempts)
    {
        var pause = Interval * (1L << Math.Min(attempts, 20));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Settlements wait in the outbox: {Reason}")]
        public static partial void Waiting(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "The settlement of {RequestId} left the outbox: Billing has it.")]
        public static partial void Sent(ILogger logger, string requestId);

        [LoggerMessage(3, LogLevel.Error, "Billing fails with the settlement of {RequestId}, {Times} times now; it is sent again in {Pause}: {Reason}")]
        public static partial void Postponed(ILogger logger, string requestId, int times, TimeSpan pause, string reason);
    }
}
