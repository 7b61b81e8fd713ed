using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;
using LedgerReason = LlmGateway.Protos.Billing.V1.RefusalReason;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// The proof that money is set aside for a call. Adapters ask for one, and the only way to get one is <see cref="AcquireAsync"/>:
/// so that no code path can reach a provider without a hold.
/// </summary>
internal sealed class HeldCall
{
    private const string NotThere = "Billing is not available, and no call is made without a hold.";

    private readonly HoldRequest _request;
    private long _promptTokens;
    private long _outputTokens;
    private long _amount;

    private HeldCall(HoldRequest request, Hold hold)
    {
        _request = new(request) { PriceBook = hold.PriceBook, PricedAt = hold.PricedAt };
        (_promptTokens, _outputTokens, _amount) = (request.PromptTokens, hold.OutputTokens, hold.AmountNanoUsd);
        IsWhole = hold.OutputTokens >= request.OutputTokens;
        IsEstimate = hold.Estimate;
        ExpiresAt = hold.ExpiresAt?.ToDateTimeOffset() ?? DateTimeOffset.MaxValue;
    }

    public string RequestId => _request.RequestId;

    /// <summary>The output bound that the hold covers, over all answers of the call.</summary>
    public long OutputTokens => Volatile.Read(ref _outputTokens);

    /// <summary>The prompt bound that it covers.</summary>
    public long PromptTokens => Volatile.Read(ref _promptTokens);

    /// <summary>What is set aside, in nano-dollars.</summary>
    public long AmountNanoUsd => Volatile.Read(ref _amount);

    /// <summary>The hold was not shrunk to what the balance and the key's limits allow.</summary>
    public bool IsWhole { get; }

    /// <summary>The account may be overdrawn: the call is not bounded by its hold.</summary>
    public bool IsEstimate { get; }

    /// <summary>When it ends unless it is renewed, by Billing's clock.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The request that makes this hold again, at the same prices, should Billing have lost it.</summary>
    public HoldRequest Again(long outputTokens, long minOutputTokens) =>
        new(_request) { PromptTokens = PromptTokens, OutputTokens = outputTokens, MinOutputTokens = minOutputTokens };

    /// <summary>Billing covers more now.</summary>
    public void Grow(Hold hold)
    {
        Volatile.Write(ref _amount, hold.AmountNanoUsd);
        Volatile.Write(ref _outputTokens, hold.OutputTokens);
    }

    /// <summary>Makes the hold cover a longer prompt than the client's: one with what has been answered already.</summary>
    /// <returns>False where it does not: refused, or Billing is not there to say so.</returns>
    public async Task<bool> CoverPromptAsync(BillingClient billing, long promptTokens, BillingOptions options, TimeProvider time)
    {
        if (IsEstimate || promptTokens <= PromptTokens)
        {
            return true;
        }

        try
        {
            var request = new ExtendRequest { RequestId = RequestId, OutputTokens = OutputTokens, PromptTokens = promptTokens };
            var reply = await billing.ExtendAsync(request, deadline: (time.GetUtcNow() + options.HoldTimeout).UtcDateTime);
            if (reply.OutcomeCase != HoldReply.OutcomeOneofCase.Hold)
            {
                return false;
            }

            Volatile.Write(ref _promptTokens, promptTokens);
            Grow(reply.Hold);
            return true;
        }
        catch (RpcException)
        {
            return !options.Enabled;
        }
    }

    /// <summary>Sets the money aside, or says why not. Not cancelled by a client that leaves: the hold may be made already.</summary>
    public static async Task<HoldOutcome> AcquireAsync(
        BillingClient billing, BillingWatch watch, HoldRequest request, BillingOptions options, TimeProvider time)
    {
        if (watch.IsLost)
        {
            return options.Enabled ? new HoldOutcome(null, Unavailable(NotThere)) : Unheld(request);
        }

        try
        {
            var deadline = (time.GetUtcNow() + options.HoldTimeout).UtcDateTime;
            var reply = await billing.HoldAsync(request, deadline: deadline, cancellationToken: watch.Lost);
            watch.Answered();
            return reply.OutcomeCase switch
            {
                HoldReply.OutcomeOneofCase.Hold => new HoldOutcome(new HeldCall(request, reply.Hold), null),
                HoldReply.OutcomeOneofCase.Refusal => new HoldOutcome(null, Refused(reply.Refusal, time)),
                _ => new HoldOutcome(null, Unavailable("Billing gave no answer.")) { MayBeHeld = true },
            };
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument)
        {
            return new HoldOutcome(null, new CallFault(CallFailure.InvalidRequest, e.Status.Detail));
        }
        catch (RpcException) when (!options.Enabled)
        {
            return Unheld(request);
        }
        catch (RpcException)
        {
            return new HoldOutcome(null, Unavailable(NotThere)) { MayBeHeld = true };
        }
    }

    // With billing off there is no money to hold, and the settlement makes the hold, should it not have been made: uncharged, as the
    // request says, even if billing is on by then.
    private static HoldOutcome Unheld(HoldRequest request) =>
        new(new HeldCall(request, new Hold { OutputTokens = request.OutputTokens, Estimate = true }), null);

    private static CallFault Unavailable(string message) => new(CallFailure.BillingUnavailable, message);

    private static CallFault Refused(Refusal refusal, TimeProvider time) => refusal.Reason switch
    {
        _ when refusal.IsOfMoney() => refusal.ToFault("this call", time),
        LedgerReason.PriceUnknown => new CallFault(CallFailure.PriceUnknown, $"No price is known for {refusal.Model}."),
        _ => new CallFault(CallFailure.InvalidRequest, "This request id was used before."),
    };
}

/// <summary>Either a hold or a fault.</summary>
internal readonly record struct HoldOutcome(HeldCall? Held, CallFault? Fault)
{
    /// <summary>With a fault: the answer did not come, and the hold may have been made nevertheless.</summary>
    public bool MayBeHeld { get; init; }
}
