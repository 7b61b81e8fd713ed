using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// One settlement sent to Billing. A hold is not durable, so that a crash of the database may lose one whose call goes on; what that call
/// produced is owed all the same. Such a hold is made again, at the prices of that moment, and then settled. Nothing is charged twice by it:
/// a settlement is durable, and its hold with it, so what is unknown was never settled.
/// </summary>
internal sealed partial class SettlementCall(BillingClient billing, ILogger<SettlementCall> logger)
{
    /// <param name="request">What was used.</param>
    /// <param name="hold">Makes the hold again, when it is lost.</param>
    /// <param name="cancellationToken">Of a process that stops.</param>
    /// <exception cref="RpcException">Billing does not answer, or a field is not valid.</exception>
    public async Task<SettleReply> SendAsync(SettleRequest request, HoldRequest hold, CancellationToken cancellationToken)
    {
        var reply = await billing.SettleAsync(request, cancellationToken: cancellationToken);
        if (reply is not { Refusal.Reason: RefusalReason.UnknownHold })
        {
            return reply;
        }

        Log.Lost(logger, request.RequestId);
        await billing.HoldAsync(new HoldRequest(hold) { Lost = true }, cancellationToken: cancellationToken);
        return await billing.SettleAsync(request, cancellationToken: cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing has lost the hold of {RequestId}; it is made again for the settlement.")]
        public static partial void Lost(ILogger logger, string requestId);
    }
}
