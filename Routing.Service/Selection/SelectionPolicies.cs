using System.Collections.Frozen;

namespace LlmGateway.Routing.Selection;

/// <summary>The policies by name, as router_settings.routing_strategy has them.</summary>
internal sealed class SelectionPolicies(Random random)
{
    public const string Default = "simple-shuffle";

    private readonly FrozenDictionary<string, ISelectionPolicy> _byName =
        new ISelectionPolicy[] { new WeightedShufflePolicy(random), new FileOrderPolicy() }.ToFrozenDictionary(policy => policy.Name);

    public static FrozenSet<string> Names { get; } = new[] { Default, "file-order" }.ToFrozenSet();

    /// <summary>LiteLLM's other strategies: accepted in a file, and said to be without effect.</summary>
    public static FrozenSet<string> Planned { get; } =
        new[] { "least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing", "usage-based-routing-v2" }.ToFrozenSet();

    public ISelectionPolicy this[string name] => _byName[name];
}
