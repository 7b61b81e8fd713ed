using System.Collections.Frozen;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Selection;

/// <summary>The policies by name, as router_settings.routing_strategy has them.</summary>
internal sealed class SelectionPolicies
{
    public const string Default = "simple-shuffle";

    // LiteLLM's other names of the same.
    private static readonly FrozenDictionary<string, string> OtherNames = new Dictionary<string, string>
    {
        ["usage-based-routing-v2"] = "usage-based-routing",
        ["lowest-latency"] = "latency-based-routing",
        ["lowest-cost"] = "cost-based-routing",
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<string, ISelectionPolicy> _byName;

    /// <param name="random">Its dice.</param>
    /// <param name="traffic">What goes to deployments.</param>
    /// <param name="prices">What they cost.</param>
    /// <param name="weight">The share of calls that a deployment gets now.</param>
    /// <param name="inFlight">The calls that it has now.</param>
    public SelectionPolicies(
        Random random, Traffic traffic, EffectivePrices prices, Func<Deployment, double> weight, Func<Deployment, int> inFlight)
    {
        var shuffle = new WeightedShufflePolicy(random, weight);
        ISelectionPolicy[] all =
        [
            shuffle, new FileOrderPolicy(), new LeastBusyPolicy(random, weight, inFlight), new LatencyPolicy(shuffle, traffic),
            new CostPolicy(shuffle, prices), new UsagePolicy(shuffle, traffic, weight),
        ];
        _byName = all.ToFrozenDictionary(policy => policy.Name);
        Affinity = new Affinity(weight);
    }

    public static FrozenSet<string> Names { get; } = new[]
    {
        Default, "file-order", "least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing",
    }.ToFrozenSet();

    public Affinity Affinity { get; }

    public ISelectionPolicy this[string name] => _byName[name];

    /// <summary>The name of a policy that goes by several; null where there is none.</summary>
    public static string? NameOf(string text) => OtherNames.GetValueOrDefault(text, text) is var name && Names.Contains(name) ? name : null;
}
