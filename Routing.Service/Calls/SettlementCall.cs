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
    /// <exception cref="RpcException">Billing does not answer, or fails; <see cref="IsItsOwn"/> tells which.</exception>
    public async Task<SettlementOutcome> SendAsync(SettleRequest request, HoldRequest hold, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await billing.SettleAsync(request, cancellationToken: cancellationToken);
            if (reply is { Refusal.Reason: RefusalReason.UnknownHold })
            {
                Log.Lost(logger, request.RequestId);
                var held = await billing.HoldAsync(new HoldRequest(hold) { Lost = true }, cancellationToken: cancellationToken);
                if (held is { Refusal: { Reason: not RefusalReason.ClosedHold } refusal })
                {
                    return Refused(refusal);
                }

                // Closed: somebody else has sent the settlement meanwhile, and it is answered with its figures.
                reply = await billing.SettleAsync(request, cancellationToken: cancellationToken);
            }

            return reply.Settlement is { } settlement ? new(settlement, null) : Refused(reply.Refusal);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            // No repetition will make it valid.
            return new(null, new(nameof(StatusCode.InvalidArgument), e.Status.Detail));
        }
    }

    /// <summary>Billing is there and failed with this settlement, which says nothing about any other.</summary>
    public static bool IsItsOwn(RpcException exception) =>
        exception.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled);

    private static SettlementOutcome Refused(Refusal? refusal) =>
        new(null, new((refusal?.Reason ?? RefusalReason.Unspecified).ToString(), refusal?.Model ?? ""));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing has lost the hold of {RequestId}; it is made again for the settlement.")]
        public static partial void Lost(ILogger logger, string requestId);
    }
}

/// <summary>Billing's last word: the figures, or why it will never have any.</summary>
internal readonly record struct SettlementOutcome(Settlement? Settlement, SettlementRefusal? Refusal);

/// <param name="Reason">Of a closed set, for metrics: "PriceUnknown", "InvalidArgument".</param>
/// <param name="Detail">The model, the field at fault; empty for nothing more.</param>
internal sealed record SettlementRefusal(string Reason, string Detail)
{
    public override string ToString() => Detail.Length > 0 ? $"{Reason}: {Detail}" : Reason;
}
