using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Grows the hold of one stream with its output. At half of what is held it asks for double, beside the relay and one question at a time;
/// the stream waits only when it has put out all that is held. Refused, it goes on up to what is held, and no further. Output that is not
/// shown grows the hold too, by the clock, when it may have used up all of it.
/// </summary>
/// <param name="held">The hold, which learns of its growth.</param>
/// <param name="billing">Who decides.</param>
/// <param name="options">How long a stream that has put out all that is held waits for an answer; with billing off it goes on without one.</param>
/// <param name="time">The clock of the waits.</param>
internal sealed class HoldGrowth(HeldCall held, BillingClient billing, BillingOptions options, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _turn = new();
    private volatile Task _asking = Task.CompletedTask;
    private volatile CallFault? _refused;
    private volatile bool _unbounded;
    private Task _watching = Task.CompletedTask;

    /// <summary>What a provider is taken to make while it shows nothing; 0 for nothing.</summary>
    public int HiddenTokensPerSecond => options.HiddenTokensPerSecond;

    /// <summary>To be called whenever there is more output.</summary>
    /// <param name="visible">What the client has got.</param>
    /// <param name="produced">With what it was not shown.</param>
    /// <returns>Null when the stream may go on; else why it ends here.</returns>
    public ValueTask<CallFault?> CoverAsync(long visible, long produced)
    {
        if (_unbounded)
        {
            return default;
        }

        if (visible >= held.OutputTokens / 2 && _refused is null)
        {
            AskUnlessAsking(visible);
        }

        return produced < held.OutputTokens ? default : WaitAsync(produced);
    }

    /// <summary>Grows with what is not shown, from now on and until the token's end.</summary>
    /// <param name="hidden">Of the answer.</param>
    /// <param name="stop">Called when the stream must not go on.</param>
    /// <param name="over">The answer is.</param>
    public void Watch(HiddenOutput hidden, Func<CallFault, Task> stop, CancellationToken over)
    {
        // Two attempts may run beside each other.
        lock (_turn)
        {
            _watching = Task.WhenAll(_watching, WatchAsync(hidden, stop, over));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();

        // An answer that nobody waits for any more: the settlement closes the hold at whatever size it has.
        await _asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WatchAsync(HiddenOutput hidden, Func<CallFault, Task> stop, CancellationToken over)
    {
        while (!_unbounded)
        {
            // Each stream ends here: without the cost of an exception.
            await Task.Delay(hidden.Until(held.OutputTokens), time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested || _ending.IsCancellationRequested)
            {
                return;
            }

            var produced = hidden.ProducedNow;
            if (produced >= held.OutputTokens && await WaitAsync(produced) is { } fault)
            {
                await stop(fault);
                return;
            }
        }
    }

    private async ValueTask<CallFault?> WaitAsync(long produced)
    {
        while (true)
        {
            try
            {
                await _asking.WaitAsync(options.HoldTimeout, time);
            }
            catch (TimeoutException)
            {
                return Unheld("Billing is not available, and the answer has reached what was held for it.");
            }

            if (produced < held.OutputTokens)
            {
                return null;
            }

            if (_refused is { } refused && _asking.IsCompleted)
            {
                return refused.Failure == CallFailure.BillingUnavailable ? Unheld(refused.Message) : refused;
            }

            AskUnlessAsking(produced);
        }
    }

    private void AskUnlessAsking(long produced)
    {
        lock (_turn)
        {
            if (_asking.IsCompleted && _refused is null)
            {
                _asking = AskAsync(2 * Math.Max(produced, held.OutputTokens));
            }
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

    private CallFault Refused(Refusal? refusal) => refusal is not null && refusal.IsOfMoney()
        ? refusal.ToFault("the rest of this answer", time)
        : new(CallFailure.BillingUnavailable, "Billing does not hold more for this answer.");

    /// <summary>Billing away is the stream's end; with billing off it is the end of all bounds.</summary>
    private CallFault? Unheld(string message)
    {
        if (!options.Enabled)
        {
            _unbounded = true;
            return null;
        }

        return new(CallFailure.BillingUnavailable, message);
    }
}
