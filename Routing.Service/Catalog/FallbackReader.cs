using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Reads what is tried when a model fails. LiteLLM has them in either of two sections; router_settings goes first:
/// <code>
/// fallbacks: [{ gpt-4o: [claude, gemini] }, { "*": [gpt-4o-mini] }]
/// context_window_fallbacks: [{ gpt-4o: [gpt-4.1] }]
/// content_policy_fallbacks: [{ gpt-4o: [claude] }]
/// default_fallbacks: [gpt-4o-mini]              # the same as "*"
/// </code>
/// </summary>
internal static class FallbackReader
{
    public const string EveryModel = "*";

    public static readonly IReadOnlyList<(string Key, FallbackKind Kind)> Keys =
    [
        ("fallbacks", FallbackKind.Any), ("context_window_fallbacks", FallbackKind.ContextWindow), ("content_policy_fallbacks", FallbackKind.ContentPolicy),
    ];

    public static IEnumerable<CatalogFallback> Read(YamlSection router, YamlSection general, CatalogProblems problems)
    {
        foreach (var (key, kind) in Keys)
        {
            var section = router.Find(key) is null ? general : router;
            foreach (var item in section.List(key).SelectMany(rule => Rules(rule, key, problems)))
            {
                yield return item with { Kind = kind };
            }
        }

        var holder = router.Find("default_fallbacks") is null ? general : router;
        if (holder.Find("default_fallbacks") is { } node && Targets(node, "default_fallbacks", problems) is { Count: > 0 } defaults)
        {
            yield return new CatalogFallback(FallbackKind.Any, "default_fallbacks", new CatalogText(EveryModel, node.Start.Line), defaults);
        }
    }

    private static IEnumerable<CatalogFallback> Rules(YamlNode rule, string key, CatalogProblems problems)
    {
        if (rule is not YamlMappingNode mapping)
        {
            problems.Error(rule.Start.Line, $"An item of {key} must be a model's name and a list of others.");
            yield break;
        }

        foreach (var (name, value) in mapping.Children)
        {
            if (name is YamlScalarNode { Value: { Length: > 0 } model } && Targets(value, key, problems) is { Count: > 0 } targets)
            {
                yield return new CatalogFallback(FallbackKind.Any, key, new CatalogText(model, name.Start.Line), targets);
            }
        }
    }

    private static List<CatalogText> Targets(YamlNode node, string key, CatalogProblems problems)
    {
        var targets = (node as YamlSequenceNode)?.Children.OfType<YamlScalarNode>()
            .Where(target => target.Value is { Length: > 0 }).Select(target => new CatalogText(target.Value!, target.Start.Line)).ToList();
        if (targets is { Count: > 0 } && targets.Count == ((YamlSequenceNode)node).Children.Count)
        {
            return targets;
        }

        problems.Error(node.Start.Line, $"An item of {key} must be a model's name and a list of others.");
        return [];
    }
}
