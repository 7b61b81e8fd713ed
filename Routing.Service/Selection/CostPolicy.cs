using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>The cheapest for this call goes first, those of one price shuffled by their weights, and those without a known price last.</summary>
internal sealed class CostPolicy(WeightedShufflePolicy shuffle, EffectivePrices prices) : ISelectionPolicy
{
    public string Name => "cost-based-routing";

    public bool YieldsToAffinity => false;

    public void Order(Span<Deployment> candidates, CallShape call)
    {
        shuffle.Order(candidates, call);
        var costs = new (Int128 Cost, int Place)[candidates.Length];
        for (var index = 0; index < candidates.Length; index++)
        {
            // The place keeps the shuffle among equals, which the sort alone would not.
            costs[index] = (prices.Of(candidates[index])?.Cost(call.PromptTokens, call.OutputTokens) ?? Int128.MaxValue, index);
        }

        costs.AsSpan().Sort(candidates);
    }
}
