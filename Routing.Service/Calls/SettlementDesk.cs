using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Data;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Closes holds. A settlement is never given up: Billing has it, or the outbox in routingdb does, before the call ends; and a client
/// that waits for its end waits until Billing has it, unless nothing is charged. Repeating is safe, because Billing settles once by request id.
/// </summary>
internal sealed partial class SettlementDesk(
    BillingClient billing,
    SettlementCall settlements,
    SettlementOutbox outbox,
    RoutingMetrics metrics,
    IHostApplicationLifetime lifetime,
    IOptions<BillingOptions> options,
    TimeProvider time,
    ILogger<SettlementDesk> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <returns>The figures; null when Billing refused for good, or when the client left and the outbox has the settlement.</returns>
    public async Task<Settlement?> SettleAsync(SettleRequest request, HeldCall held, CancellationToken client)
    {
        var hold = held.Again(held.OutputTokens, minOutputTokens: 0);
        var started = time.GetTimestamp();
        var written = false;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (await TryAsync(request, hold) is { } reply)
            {
                if (written)
                {
                    await outbox.TryRemoveAsync(request.RequestId);
                }

                return reply.OutcomeCase == SettleReply.OutcomeOneofCase.Settlement ? reply.Settlement : null;
            }

            var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
            if (!written && (stopping || !options.Value.Enabled || time.GetElapsedTime(started) >= options.Value.SettleTimeout))
            {
                written = await outbox.TryAddAsync(request, hold);
            }

            if (written && !options.Value.Enabled)
            {
                // What it costs is known: nothing.
                return new Settlement();
            }

            if (written && (stopping || client.IsCancellationRequested))
            {
                // The sender has it from here.
                return null;
            }

            // Not the client's token: the debt stays when the client goes.
            await Task.Delay(pause, time, CancellationToken.None);
        }
    }

    /// <summary>Gives a hold back whole. Should that fail, it expires by itself.</summary>
    public async Task ReleaseAsync(Call call, CallJournal journal)
    {
        try
        {
            var request = new ReleaseRequest { RequestId = call.RequestId };
            request.Attempts.AddRange(journal.Attempts);
            await billing.ReleaseAsync(request);
        }
        catch (RpcException e)
        {
            Log.NotReleased(logger, call.RequestId, e.Status.Detail);
        }
    }

    /// <returns>Null when it is worth another try.</returns>
    private async Task<SettleReply?> TryAsync(SettleRequest request, HoldRequest hold)
    {
        try
        {
            var reply = await settlements.SendAsync(request, hold, CancellationToken.None);
            if (reply.OutcomeCase == SettleReply.OutcomeOneofCase.Refusal)
            {
                metrics.SettlementRefused(reply.Refusal.Reason);
                Log.Refused(logger, request.RequestId, reply.Refusal.Reason);
            }

            return reply;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            // No repetition will make it valid.
            Log.Invalid(logger, request.RequestId, e.Status.Detail);
            return new SettleReply();
        }
        catch (RpcException e)
        {
            Log.NotSettled(logger, request.RequestId, e.Status.Detail);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The hold of {RequestId} was not released, and expires by itself: {Reason}")]
        public static partial void NotReleased(ILogger logger, string requestId, string reason);

        [LoggerMessage(2, LogLevel.Error, "Billing refuses the settlement of {RequestId}: {Reason}. The call is not charged.")]
        public static partial void Refused(ILogger logger, string requestId, RefusalReason reason);

        [LoggerMessage(3, LogLevel.Error, "The settlement of {RequestId} is not valid: {Reason}. The call is not charged.")]
        public static partial void Invalid(ILogger logger, string requestId, string reason);

        [LoggerMessage(4, LogLevel.Warning, "The settlement of {RequestId} did not reach Billing, and is tried again: {Reason}")]
        public static partial void NotSettled(ILogger logger, string requestId, string reason);
    }
}
