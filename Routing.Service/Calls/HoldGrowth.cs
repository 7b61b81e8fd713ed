using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Grows the hold of one stream with its output. At half of what is held it asks for double, beside the relay and one question at a time;
/// the stream waits only when it has put out all that is held. Refused, it goes on up to what is held, and no further.
/// </summary>
/// <param name="held">The hold, which learns of its growth.</param>
/// <param name="billing">Who decides.</param>
/// <param name="patience">How long a stream that has put out all that is held waits for an answer.</param>
/// <param name="time">The clock of the waits.</param>
internal sealed class HoldGrowth(HeldCall held, BillingClient billing, TimeSpan patience, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private Task _asking = Task.CompletedTask;
    private CallFault? _refused;

    /// <summary>To be called whenever there is more output.</summary>
    /// <returns>Null when the stream may go on; else why it ends here.</returns>
    public ValueTask<CallFault?> CoverAsync(long produced)
    {
        if (produced >= held.OutputTokens / 2 && _asking.IsCompleted && _refused is null)
        {
            _asking = AskAsync(Wanted(produced));
        }

        return produced < held.OutputTokens ? default : WaitAsync(produced);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();

        // An answer that nobody waits for any more: the settlement closes the hold at whatever size it has.
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async ValueTask<CallFault?> WaitAsync(long produced)
    {
        while (true)
        {
            try
            {
                await _asking.WaitAsync(patience, time);
            }
            catch (TimeoutException)
            {
                return Unavailable("Billing is not available, and the answer has reached what was held for it.");
            }

            if (produced < held.OutputTokens)
            {
                return null;
            }

            if (_refused is not null)
            {
                return _refused;
            }

            _asking = AskAsync(Wanted(produced));
        }
    }

    /// <summary>Asks until there is an answer: as long as the stream runs, and has not put out all that is held.</summary>
    private async Task AskAsync(long wanted)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var request = new ExtendRequest { RequestId = held.RequestId, OutputTokens = wanted };
                var reply = await billing.ExtendAsync(request, cancellationToken: _ending.Token);
                if (reply is { Refusal.Reason: RefusalReason.UnknownHold })
                {
                    reply = await billing.HoldAsync(held.Again(wanted, wanted), cancellationToken: _ending.Token);
                }

                if (reply.OutcomeCase == HoldReply.OutcomeOneofCase.Hold)
                {
                    held.Grow(reply.Hold);
                    return;
                }

                var first = _refused is null;
                _refused ??= Refused(reply.Refusal);
                if (!first || reply.Refusal is not { PossibleOutputTokens: > 0 } refusal)
                {
                    return;
                }

                // Once more, for the rest of the balance or limit: the answer then ends where that does.
                wanted = refusal.PossibleOutputTokens;
            }
            catch (RpcException) when (!_ending.IsCancellationRequested)
            {
                await Task.Delay(pause, time, _ending.Token);
            }
        }
    }

    private long Wanted(long produced) => 2 * Math.Max(produced, held.OutputTokens);

    private CallFault Refused(Refusal? refusal) => refusal is not null && refusal.IsOfMoney()
        ? refusal.ToFault("the rest of this answer", time)
        : Unavailable("Billing does not hold more for this answer.");

    private static CallFault Unavailable(string message) => new(CallFailure.BillingUnavailable, message);
}
