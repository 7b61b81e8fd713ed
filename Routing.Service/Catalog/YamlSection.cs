using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>A mapping of the catalogue file, or the absence of one. What is there in the wrong form is a problem with its line.</summary>
internal readonly struct YamlSection(YamlMappingNode? node, string path, CatalogProblems problems)
{
    public long Line => node?.Start.Line ?? 0;

    public bool IsThere => node is not null;

    public IEnumerable<string> Names => node?.Children.Keys.OfType<YamlScalarNode>().Select(key => key.Value!) ?? [];

    public IEnumerable<KeyValuePair<YamlNode, YamlNode>> Pairs => node?.Children ?? Enumerable.Empty<KeyValuePair<YamlNode, YamlNode>>();

    /// <summary>An unknown key is an error, one without effect a warning.</summary>
    public YamlSection Check(CatalogKeys known)
    {
        foreach (var (key, _) in Pairs)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!known.Knows(name))
            {
                var applied = string.Join(", ", known.Applied.Order(StringComparer.Ordinal));
                problems.Error(key.Start.Line, $"{path}{name} is not a known key (known: {applied}).");
            }
            else if (!known.HasEffect(name))
            {
                problems.Warning(key.Start.Line, $"{path}{name} has no effect here{known.InsteadOf(name)}.");
            }
        }

        return this;
    }

    public YamlSection Section(string key) => Find(key) switch
    {
        YamlMappingNode mapping => new(mapping, $"{path}{key}.", problems),
        null or YamlScalarNode { Value: null or "" } => new(null, path, problems),
        var other => Wrong(other, $"{path}{key} must be a mapping.", new YamlSection(null, path, problems)),
    };

    public IEnumerable<YamlNode> List(string key) => Find(key) switch
    {
        YamlSequenceNode list => list.Children,
        null or YamlScalarNode { Value: null or "" } => [],
        var other => Wrong<IEnumerable<YamlNode>>(other, $"{path}{key} must be a list.", []),
    };

    public CatalogText? Text(string key) => Find(key) switch
    {
        YamlScalarNode { Value: { Length: > 0 } value } scalar => new CatalogText(value, scalar.Start.Line),
        null or YamlScalarNode => null,
        var other => Wrong<CatalogText?>(other, $"{path}{key} must be a single value.", null),
    };

    /// <summary>Whether the key is there with quotes and nothing in them. A key left bare is unset, as everywhere in YAML.</summary>
    public bool IsQuotedBlank(string key, out long line)
    {
        var scalar = Find(key) as YamlScalarNode;
        line = scalar?.Start.Line ?? 0;
        return scalar is { Style: not ScalarStyle.Plain } && string.IsNullOrWhiteSpace(scalar.Value);
    }

    public YamlNode? Find(string key) => node is not null && node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private T Wrong<T>(YamlNode other, string problem, T nothing)
    {
        problems.Error(other.Start.Line, problem);
        return nothing;
    }
}
