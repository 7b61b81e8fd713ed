using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Says when a first attempt is so slow that a second one may begin beside it, and keeps those to their share of all calls.</summary>
internal sealed class Hedges(HealthBoard health, IOptions<HedgingOptions> options, TimeProvider time)
{
    // Of 100 first tokens, 95 come sooner.
    private const double Usual = 0.95;

    // A quiet hour must not save up for a storm.
    private const double MostSaved = 10;

    private readonly Lock _lock = new();
    private double _saved;

    /// <summary>Ends when the attempt is late and a second one may begin: true; or when it is over, or may not have one.</summary>
    /// <param name="first">Whose attempt.</param>
    /// <param name="opened">Its end, with content or without.</param>
    public async Task<bool> IsLateAsync(Deployment first, Task opened)
    {
        Earn();
        if (health.Of(first).FirstTokens.Quantile(Usual, options.Value.MinAnswers) is not { } usual)
        {
            return false;
        }

        var delay = usual > options.Value.MinDelay ? usual : options.Value.MinDelay;
        await opened.WaitAsync(delay, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !opened.IsCompleted && TryTake();
    }

    private void Earn()
    {
        lock (_lock)
        {
            _saved = Math.Min(_saved + options.Value.MaxShare, MostSaved);
        }
    }

    private bool TryTake()
    {
        lock (_lock)
        {
            // 20 times 0.05 is a little less than 1.
            var enough = _saved > 1 - 1e-9;
            _saved -= enough ? 1 : 0;
            return enough;
        }
    }
}
