using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// One settlement sent to Billing. A hold is not durable, so that a crash of the database may lose one whose call goes on; what that call
/// produced is owed all the same. Such a hold is made again, at the prices that it had, and then settled. Nothing is charged twice by it:
/// a settlement is durable, and its hold with it, so what is unknown was never settled.
/// </summary>
internal sealed partial class SettlementCall(BillingClient billing, ILogger<SettlementCall> logger)
{
    /// <param name="request">What was used.</param>
    /// <param name="hold">Makes the hold again, when it is lost.</param>
    /// <param name="cancellationToken">Of a process that stops.</param>
    /// <returns>With a refusal: for good, and of the hold where that cannot be made again.</returns>
    /// <exception cref="RpcException">Billing does not answer, or a field is not valid.</exception>
    public async Task<SettleReply> SendAsync(SettleRequest request, HoldRequest hold, CancellationToken cancellationToken)
    {
        var reply = await billing.SettleAsync(request, cancellationToken: cancellationToken);
        if (reply is not { Refusal.Reason: RefusalReason.UnknownHold })
        {
            return reply;
        }

        Log.Lost(logger, request.RequestId);
        var held = await billing.HoldAsync(new HoldRequest(hold) { Lost = true }, cancellationToken: cancellationToken);
        if (held is { Refusal: { Reason: not RefusalReason.ClosedHold } refusal })
        {
            return new SettleReply { Refusal = refusal };
        }

        // Closed: somebody else has sent the settlement meanwhile, and it is answered with its figures.
        return await billing.SettleAsync(request, cancellationToken: cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing has lost the hold of {RequestId}; it is made again for the settlement.")]
        public static partial void Lost(ILogger logger, string requestId);
    }
}
