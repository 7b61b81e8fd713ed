using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// The soonest first token goes first; of plain answers, the quickest token. Those within a fifth of the best are as good as it and shuffled by
/// their weights, and so are those not measured yet. What was measured long ago counts for less and less, so that a slow one is tried again.
/// </summary>
internal sealed class LatencyPolicy(WeightedShufflePolicy shuffle, Traffic traffic) : ISelectionPolicy
{
    private const double AsGood = 1.2;

    public string Name => "latency-based-routing";

    public bool YieldsToAffinity => true;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
        var latencies = new double[candidates.Length];
        var best = double.MaxValue;
        for (var index = 0; index < candidates.Length; index++)
        {
            (var measured, latencies[index]) = traffic.Of(candidates[index]).Latency(call.Stream);
            best = measured > 0 ? Math.Min(best, measured) : best;
        }

        latencies.AsSpan().Sort(candidates);
        var good = 0;
        while (good < candidates.Length && latencies[good] <= best * AsGood)
        {
            good++;
        }

        shuffle.Order(candidates[..good], call);
    }
}
