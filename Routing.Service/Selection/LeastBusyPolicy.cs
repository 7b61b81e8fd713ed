using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// Of two candidates at random the one with fewer calls of its weight, again and again: not of all, because replicas share no counters and would
/// all rush to the same one. A weight of 0 comes last.
/// </summary>
internal sealed class LeastBusyPolicy(Random random, Func<Deployment, double> weight, Func<Deployment, int> inFlight) : ISelectionPolicy
{
    public string Name => "least-busy";

    public bool YieldsToAffinity => true;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
        for (; candidates.Length > 1; candidates = candidates[1..])
        {
            var first = random.Next(candidates.Length);
            var second = random.Next(candidates.Length - 1);
            second += second >= first ? 1 : 0;
            var chosen = Load(candidates[first]) <= Load(candidates[second]) ? first : second;
            (candidates[0], candidates[chosen]) = (candidates[chosen], candidates[0]);
        }
    }

    // With the call that is to go there, so that of two idle ones the heavier is taken.
    private double Load(Deployment deployment) => weight(deployment) is > 0 and var share ? (inFlight(deployment) + 1) / share : double.MaxValue;
}
