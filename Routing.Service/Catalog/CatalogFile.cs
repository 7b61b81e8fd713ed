using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Reads models.yaml, a LiteLLM proxy's configuration:
/// <code>
/// model_list:
///   - model_name: gpt-4o                       # what clients ask for; may repeat, each is one deployment
///     litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, input_cost_per_token: 0.0000025 }
///     model_info: { mode: chat, max_output_tokens: 16384 }
/// router_settings: { routing_strategy: simple-shuffle, model_group_alias: { gpt-4: gpt-4o } }
/// </code>
/// The YAML tree is walked by hand instead of deserialised, because every problem must name its line.
/// </summary>
internal static class CatalogFile
{
    public static CatalogDocument Read(string path, CatalogProblems problems)
    {
        try
        {
            using var reader = File.OpenText(path);
            return Parse(reader, problems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Error(0, $"The file cannot be read: {e.Message}");
            return CatalogDocument.Empty;
        }
    }

    public static CatalogDocument Parse(TextReader text, CatalogProblems problems)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(text);
        }
        catch (YamlException e)
        {
            problems.Error(e.Start.Line, $"Not valid YAML: {e.InnerException?.Message ?? e.Message}");
            return CatalogDocument.Empty;
        }

        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode root)
        {
            problems.Error(1, "The file must be a mapping with the key model_list.");
            return CatalogDocument.Empty;
        }

        return new Walk(problems).Document(root);
    }

    private sealed class Walk(CatalogProblems problems)
    {
        public CatalogDocument Document(YamlMappingNode root)
        {
            Check(root, CatalogKeys.Top, "");
            var router = Mapping(root, "router_settings");
            Check(router, CatalogKeys.Router, "router_settings.");
            if (Find(root, "model_list") is not YamlSequenceNode list)
            {
                problems.Error(root.Start.Line, "model_list is missing, or not a list.");
                list = [];
            }

            return new CatalogDocument([.. list.Children.Select(Entry)], [.. Aliases(router)], Text(router, "routing_strategy"));
        }

        private CatalogEntry Entry(YamlNode node)
        {
            if (node is not YamlMappingNode item)
            {
                problems.Error(node.Start.Line, "An item of model_list must be a mapping with model_name and litellm_params.");
                return new CatalogEntry(node.Start.Line);
            }

            Check(item, CatalogKeys.Entry, "");
            var parameters = Mapping(item, "litellm_params");
            var info = Mapping(item, "model_info");
            Check(parameters, CatalogKeys.Parameters, "litellm_params.");
            Check(info, CatalogKeys.Info, "model_info.");
            CheckKey(parameters);
            return new CatalogEntry(item.Start.Line)
            {
                Name = Text(item, "model_name"),
                Model = Text(parameters, "model"),
                ApiBase = Text(parameters, "api_base") ?? Text(parameters, "base_url"),
                ApiKey = Text(parameters, "api_key"),
                Weight = Text(parameters, "weight"),
                Mode = Text(info, "mode"),
                MaxOutputTokens = Text(info, "max_output_tokens") ?? Text(info, "max_tokens"),
                Input = Text(parameters, "input_cost_per_token") ?? Text(info, "input_cost_per_token"),
                CachedInput = Text(parameters, "cache_read_input_token_cost") ?? Text(info, "cache_read_input_token_cost"),
                CacheWrite = Text(parameters, "cache_creation_input_token_cost") ?? Text(info, "cache_creation_input_token_cost"),
                Output = Text(parameters, "output_cost_per_token") ?? Text(info, "output_cost_per_token"),
                CacheWrite1h = Text(parameters, "cache_creation_input_token_cost_above_1hr") ?? Text(info, "cache_creation_input_token_cost_above_1hr"),
                Reasoning = Text(parameters, "output_cost_per_reasoning_token") ?? Text(info, "output_cost_per_reasoning_token"),
                PerRequest = Text(parameters, "input_cost_per_request") ?? Text(info, "input_cost_per_request"),
                Tiers = [.. Tiers(parameters).Concat(Tiers(info)).DistinctBy(tier => tier.Key)],
            };
        }

        private IEnumerable<(string Key, CatalogText Price)> Tiers(YamlMappingNode? node)
        {
            foreach (var key in node?.Children.Keys.OfType<YamlScalarNode>() ?? [])
            {
                if (TierKey.TryParse(key.Value!, out _) && Text(node, key.Value!) is { } price)
                {
                    yield return (key.Value!, price);
                }
            }
        }

        // A key left bare is unset, as everywhere in YAML; "" is a key that somebody forgot to fill in.
        private void CheckKey(YamlMappingNode? parameters)
        {
            if (parameters is not null && Find(parameters, "api_key") is YamlScalarNode { Style: not ScalarStyle.Plain } key
                && string.IsNullOrWhiteSpace(key.Value))
            {
                problems.Error(key.Start.Line, "api_key is empty. Leave it out where none is needed.");
            }
        }

        private IEnumerable<CatalogAlias> Aliases(YamlMappingNode? router)
        {
            foreach (var (key, value) in Mapping(router, "model_group_alias")?.Children ?? Enumerable.Empty<KeyValuePair<YamlNode, YamlNode>>())
            {
                // LiteLLM also has the long form { model: name, hidden: true }.
                var target = value is YamlMappingNode form ? Find(form, "model") : value;
                if (key is YamlScalarNode { Value: { Length: > 0 } name } && target is YamlScalarNode { Value: { Length: > 0 } model })
                {
                    yield return new CatalogAlias(name, model, key.Start.Line);
                }
                else
                {
                    problems.Error(key.Start.Line, "An alias must be a name and the name of a model.");
                }
            }
        }

        private void Check(YamlMappingNode? node, CatalogKeys known, string path)
        {
            foreach (var key in node?.Children.Keys ?? Enumerable.Empty<YamlNode>())
            {
                var name = (key as YamlScalarNode)?.Value ?? "";
                if (!known.Knows(name))
                {
                    var applied = string.Join(", ", known.Applied.Order(StringComparer.Ordinal));
                    problems.Error(key.Start.Line, $"{path}{name} is not a known key (known: {applied}).");
                }
                else if (!known.HasEffect(name))
                {
                    problems.Warning(key.Start.Line, $"{path}{name} has no effect here.");
                }
            }
        }

        private YamlMappingNode? Mapping(YamlMappingNode? node, string key)
        {
            switch (node is null ? null : Find(node, key))
            {
                case YamlMappingNode mapping:
                    return mapping;
                case null or YamlScalarNode { Value: null or "" }:
                    return null;
                case var other:
                    problems.Error(other.Start.Line, $"{key} must be a mapping.");
                    return null;
            }
        }

        private CatalogText? Text(YamlMappingNode? node, string key)
        {
            switch (node is null ? null : Find(node, key))
            {
                case YamlScalarNode { Value: { Length: > 0 } value } scalar:
                    return new CatalogText(value, scalar.Start.Line);
                case null or YamlScalarNode:
                    return null;
                case var other:
                    problems.Error(other.Start.Line, $"{key} must be a single value.");
                    return null;
            }
        }

        private static YamlNode? Find(YamlMappingNode node, string key) =>
            node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
    }
}
