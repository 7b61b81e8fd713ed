using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Data;
using LlmGateway.ServiceDefaults.Shutdown;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Closes holds. A settlement is never given up: Billing has it, or the outbox in routingdb does, before the call ends; and a client
/// that waits for its end waits until Billing has it, unless nothing is charged, or Billing is there and fails with it again and again.
/// Repeating is safe, because Billing settles once by request id. What Billing refuses stays in the outbox, for the operator.
/// </summary>
internal sealed partial class SettlementDesk(
    BillingClient billing,
    SettlementCall settlements,
    SettlementOutbox outbox,
    GracefulShutdown shutdown,
    IOptions<BillingOptions> options,
    TimeProvider time,
    ILogger<SettlementDesk> logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(1);

    /// <summary>How long a client waits for a Billing that answers, and always with a failure; or for an outbox that is to keep a refusal.</summary>
    private TimeSpan Patience => options.Value.SettleTimeout * 3 < LongestPatience ? options.Value.SettleTimeout * 3 : LongestPatience;

    /// <returns>The figures; null when Billing refused for good, or when the client is not to wait and the outbox has the settlement.</returns>
    public async Task<Settlement?> SettleAsync(SettleRequest request, HeldCall held, CancellationToken client)
    {
        var hold = held.Again(held.OutputTokens, minOutputTokens: 0);
        var started = time.GetTimestamp();
        var written = false;
        long? failing = null;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var (outcome, fails) = await TryAsync(request, hold);
            if (outcome?.Settlement is { } settlement)
            {
                if (written)
                {
                    await outbox.TryRemoveAsync(request.RequestId);
                }

                return settlement;
            }

            if (outcome?.Refusal is { } refusal
                && (await outbox.TryRefuseAsync(request, hold, refusal) || time.GetElapsedTime(started) >= Patience))
            {
                return null;
            }

            failing = fails ? failing ?? time.GetTimestamp() : null;
            var hopeless = failing is { } since && time.GetElapsedTime(since) >= Patience;
            var stopping = shutdown.CallsEnd.IsCancellationRequested;
            if (!written && outcome is null
                && (stopping || hopeless || !options.Value.Enabled || time.GetElapsedTime(started) >= options.Value.SettleTimeout))
            {
                written = await outbox.TryAddAsync(request, hold);
            }

            if (written && !options.Value.Enabled)
            {
                // What it costs is known: nothing.
                return new Settlement();
            }

            if (written && (stopping || hopeless || client.IsCancellationRequested))
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
            request.Considered.AddRange(journal.Considered());
            await billing.ReleaseAsync(request);
        }
        catch (RpcException e)
        {
            Log.NotReleased(logger, call.RequestId, e.Status.Detail);
        }
    }

    /// <returns>No outcome when it is worth another try; and whether Billing was there and failed.</returns>
    private async Task<(SettlementOutcome? Outcome, bool Fails)> TryAsync(SettleRequest request, HoldRequest hold)
    {
        try
        {
            return (await settlements.SendAsync(request, hold, CancellationToken.None), false);
        }
        catch (RpcException e)
        {
            Log.NotSettled(logger, request.RequestId, e.Status.Detail);
            return (null, SettlementCall.IsItsOwn(e));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The hold of {RequestId} was not released, and expires by itself: {Reason}")]
        public static partial void NotReleased(ILogger logger, string requestId, string reason);

        [LoggerMessage(2, LogLevel.Warning, "The settlement of {RequestId} did not reach Billing, and is tried again: {Reason}")]
        public static partial void NotSettled(ILogger logger, string requestId, string reason);
    }
}
