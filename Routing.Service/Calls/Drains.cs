using LlmGateway.ServiceDefaults.Shutdown;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Answers that are read on although their clients left, and no more of them than allowed; none once a stopping service's calls end.</summary>
internal sealed class Drains(IOptions<DisconnectOptions> options, GracefulShutdown shutdown)
{
    private readonly CancellationToken _end = shutdown.CallsEnd;
    private int _running;

    /// <summary>How many there are now.</summary>
    public int Running => Volatile.Read(ref _running);

    public DisconnectPolicy Policy(string provider) => options.Value.Providers.GetValueOrDefault(provider, options.Value);

    /// <summary>Null when the provider's answers are not drained, or too many are already; else to be disposed when the drain is over.</summary>
    public Drain? Begin(string provider)
    {
        var policy = Policy(provider);
        if (policy.Mode != DisconnectMode.Drain || _end.IsCancellationRequested)
        {
            return null;
        }

        if (Interlocked.Increment(ref _running) <= options.Value.MaxAtOnce)
        {
            return new Drain(this, policy);
        }

        Interlocked.Decrement(ref _running);
        return null;
    }

    /// <summary>One of them.</summary>
    internal sealed class Drain(Drains drains, DisconnectPolicy policy) : IDisposable
    {
        private int _over;

        public TimeSpan MaxTime => policy.MaxTime;

        /// <summary>The service is stopped: what was read by then is settled.</summary>
        public CancellationToken End => drains._end;

        /// <summary>Output tokens of the whole answer at which the drain has cost what it may.</summary>
        /// <param name="held">The hold, whose amount and output bound say what a token costs at most.</param>
        /// <param name="before">Tokens put out before the client left.</param>
        public long MaxTokens(HeldCall held, long before) => policy.MaxUsd is { } usd && held.AmountNanoUsd > 0
            ? before + (long)Math.Min(usd * 1_000_000_000m * held.OutputTokens / held.AmountNanoUsd, 1_000_000_000)
            : long.MaxValue;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
            {
                Interlocked.Decrement(ref drains._running);
            }
        }
    }
}
