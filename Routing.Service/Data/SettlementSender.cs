using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Data;

/// <summary>
/// Sends what is in the outbox until Billing takes it: settlements whose clients or whose processes are gone. A call that still waits sends
/// its own too, and so may another replica; Billing settles once by request id.
/// </summary>
internal sealed partial class SettlementSender(
    SettlementCall settlements, SettlementOutbox outbox, TimeProvider time, ILogger<SettlementSender> logger)
    : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

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
            var closed = 0;
            foreach (var (request, hold) in waiting)
            {
                closed += await SendAsync(request, hold, cancellationToken) ? 1 : 0;
            }

            if (closed < waiting.Count)
            {
                // The database is in trouble: sending the same ones again at once would help nobody.
                return;
            }
        }
    }

    private async Task<bool> SendAsync(SettleRequest request, HoldRequest hold, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await settlements.SendAsync(request, hold, cancellationToken);
            if (reply.OutcomeCase == SettleReply.OutcomeOneofCase.Settlement)
            {
                Log.Sent(logger, request.RequestId);
                return await outbox.TryRemoveAsync(request.RequestId);
            }

            return await RefusedAsync(request, reply.Refusal?.Reason.ToString() ?? "no answer");
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            return await RefusedAsync(request, e.Status.Detail);
        }
    }

    private Task<bool> RefusedAsync(SettleRequest request, string reason)
    {
        Log.Refused(logger, request.RequestId, reason);
        return outbox.TryMarkRefusedAsync(request.RequestId, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Settlements wait in the outbox: {Reason}")]
        public static partial void Waiting(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "The settlement of {RequestId} left the outbox: Billing has it.")]
        public static partial void Sent(ILogger logger, string requestId);

        [LoggerMessage(3, LogLevel.Error,
            "Billing refuses the settlement of {RequestId}: {Reason}. It stays in routing.pending_settlements, and the call is not charged.")]
        public static partial void Refused(ILogger logger, string requestId, string reason);
    }
}
