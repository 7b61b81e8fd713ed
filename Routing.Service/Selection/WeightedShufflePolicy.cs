using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>Draws without putting back, each in proportion to its weight. A weight of 0 comes last.</summary>
internal sealed class WeightedShufflePolicy(Random random, Func<Deployment, double> weight) : ISelectionPolicy
{
    public string Name => "simple-shuffle";

    public bool YieldsToAffinity => true;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
        for (; candidates.Length > 1; candidates = candidates[1..])
        {
            var drawn = Draw(candidates);
            (candidates[0], candidates[drawn]) = (candidates[drawn], candidates[0]);
        }
    }

    private int Draw(ReadOnlySpan<Deployment> candidates)
    {
        var total = 0.0;
        foreach (var candidate in candidates)
        {
            total += weight(candidate);
        }

        var point = random.NextDouble() * total;
        for (var index = 0; index < candidates.Length; index++)
        {
            point -= weight(candidates[index]);
            if (point < 0)
            {
                return index;
            }
        }

        return 0;
    }
}
