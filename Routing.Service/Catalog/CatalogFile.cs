using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Reads models.yaml, a LiteLLM proxy's configuration:
/// <code>
/// model_list:
///   - model_name: gpt-4o                       # what clients ask for; may repeat, each is one deployment
///     litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, input_cost_per_token: 0.0000025, rpm: 100 }
///     model_info: { mode: chat, max_output_tokens: 16384 }
/// router_settings: { routing_strategy: simple-shuffle, model_group_alias: { gpt-4: gpt-4o }, fallbacks: [{ gpt-4o: [claude] }] }
/// litellm_settings: { drop_params: true }
/// </code>
/// The YAML tree is walked by hand instead of deserialised, because every problem must name its line.
/// </summary>
internal static class CatalogFile
{
    /// <summary>Null, and a problem, where the file cannot be read.</summary>
    public static string? ReadText(string path, CatalogProblems problems)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Error(0, $"The file cannot be read: {e.Message}");
            return null;
        }
    }

    public static CatalogDocument Parse(TextReader text, CatalogProblems problems)
    {
        if (Root(text, problems) is not { } node)
        {
            return CatalogDocument.Empty;
        }

        var root = new YamlSection(node, "", problems).Check(CatalogKeys.Top);
        if (root.Find("model_list") is not YamlSequenceNode list)
        {
            problems.Error(root.Line, "model_list is missing, or not a list.");
            list = [];
        }

        root.Section("general_settings").Check(CatalogKeys.General);
        var router = root.Section("router_settings").Check(CatalogKeys.Router);
        return new CatalogDocument(
            [.. list.Children.Select(item => Entry(item, problems))],
            [.. Aliases(router.Section("model_group_alias"), problems)],
            Router(router, root.Section("litellm_settings").Check(CatalogKeys.LiteLlm), problems));
    }

    /// <summary>One item of model_list. JSON is YAML too.</summary>
    public static CatalogEntry Entry(YamlNode node, CatalogProblems problems)
    {
        if (node is not YamlMappingNode mapping)
        {
            problems.Error(node.Start.Line, "An item of model_list must be a mapping with model_name and litellm_params.");
            return new CatalogEntry(node.Start.Line);
        }

        var item = new YamlSection(mapping, "", problems).Check(CatalogKeys.Entry);
        var parameters = item.Section("litellm_params").Check(CatalogKeys.Parameters);
        var info = item.Section("model_info").Check(CatalogKeys.Info);
        if (parameters.IsQuotedBlank("api_key", out var line))
        {
            problems.Error(line, "api_key is empty. Leave it out where none is needed.");
        }

        return new CatalogEntry(item.Line)
        {
            Name = item.Text("model_name"),
            Model = parameters.Text("model"),
            ApiBase = parameters.Text("api_base") ?? parameters.Text("base_url"),
            ApiKey = parameters.Text("api_key"),
            ApiVersion = parameters.Text("api_version"),
            Weight = parameters.Text("weight"),
            Order = parameters.Text("order"),
            Rpm = parameters.Text("rpm"),
            Tpm = parameters.Text("tpm"),
            Timeout = parameters.Text("timeout"),
            StreamTimeout = parameters.Text("stream_timeout"),
            Retries = parameters.Text("num_retries") ?? parameters.Text("max_retries"),
            Cooldown = parameters.Text("cooldown_time"),
            DropParams = parameters.Text("drop_params"),
            Id = info.Text("id"),
            BaseModel = info.Text("base_model"),
            Strategy = info.Text("routing_strategy"),
            Hedge = info.Text("hedge"),
            Rescue = info.Text("rescue"),
            Prefill = info.Text("supports_assistant_prefill"),
            Mode = info.Text("mode"),
            MaxOutputTokens = info.Text("max_output_tokens") ?? info.Text("max_tokens"),
            Input = Price("input_cost_per_token"),
            CachedInput = Price("cache_read_input_token_cost"),
            CacheWrite = Price("cache_creation_input_token_cost"),
            Output = Price("output_cost_per_token"),
            CacheWrite1h = Price("cache_creation_input_token_cost_above_1hr"),
            Reasoning = Price("output_cost_per_reasoning_token"),
            PerRequest = Price("input_cost_per_request"),
            Tiers = [.. parameters.Names.Concat(info.Names).Distinct()
                .Where(key => TierKey.TryParse(key, out _) && Price(key) is not null).Select(key => (key, Price(key)!))],
        };

        CatalogText? Price(string key) => parameters.Text(key) ?? info.Text(key);
    }

    /// <summary>Null where the text is no mapping.</summary>
    public static YamlMappingNode? Root(TextReader text, CatalogProblems problems)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(text);
        }
        catch (YamlException e)
        {
            problems.Error(e.Start.Line, $"Not valid YAML: {e.InnerException?.Message ?? e.Message}");
            return null;
        }

        if (yaml.Documents.Count > 0 && yaml.Documents[0].RootNode is YamlMappingNode root)
        {
            return root;
        }

        problems.Error(1, "The file must be a mapping with the key model_list.");
        return null;
    }

    private static CatalogRouter Router(YamlSection router, YamlSection general, CatalogProblems problems)
    {
        var retry = router.Section("retry_policy").Check(CatalogKeys.RetryPolicy);
        var rate = router.Section("rate_limit").Check(CatalogKeys.RateLimit);
        return new CatalogRouter
        {
            Strategy = router.Text("routing_strategy"),
            PrefixAffinity = router.Text("prefix_affinity"),
            Retries = retry.Text("max_retries") ?? router.Text("num_retries") ?? general.Text("num_retries"),
            RetryDelay = retry.Text("delay") ?? router.Text("retry_after"),
            AllowedFails = router.Text("allowed_fails") ?? general.Text("allowed_fails"),
            Cooldown = router.Text("cooldown_time"),
            Timeout = router.Text("timeout") ?? general.Text("request_timeout"),
            StreamTimeout = router.Text("stream_timeout"),
            Rpm = rate.Text("rpm"),
            Tpm = rate.Text("tpm"),
            DropParams = general.Text("drop_params"),
            Fallbacks = [.. FallbackReader.Read(router, general, problems)],
        };
    }

    private static IEnumerable<CatalogAlias> Aliases(YamlSection aliases, CatalogProblems problems)
    {
        foreach (var (key, value) in aliases.Pairs)
        {
            // LiteLLM also has the long form { model: name, hidden: true }.
            var target = value is YamlMappingNode form ? new YamlSection(form, "", problems).Find("model") : value;
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
}
