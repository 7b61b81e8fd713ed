using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// Orders a model's deployments for one call; the first is tried first.
/// To add one: write a class here, name it as routing_strategy has it, and list it in <see cref="SelectionPolicies"/>.
/// </summary>
internal interface ISelectionPolicy
{
    string Name { get; }

    /// <summary>A conversation that a provider remembers is better sent where it was than anywhere that the policy says.</summary>
    bool YieldsToAffinity { get; }

    void Order(Span<Deployment> candidates, CallShape call);
}
