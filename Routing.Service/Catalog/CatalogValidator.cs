using System.Collections.Immutable;
using System.Globalization;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Catalog;

/// <summary>A deployment that is right as written. Whether it is usable depends on keys, which is no matter of the file.</summary>
internal sealed record CheckedEntry(CatalogEntry Entry, string Name, string Provider, string Model)
{
    public ModelMode Mode { get; init; } = ModelMode.Chat;

    public double Weight { get; init; } = 1;

    public long? MaxOutputTokens { get; init; }

    public TokenPrices? Prices { get; init; }
}

internal sealed record CheckedCatalog(IReadOnlyList<CheckedEntry> Entries, IReadOnlyList<CatalogAlias> Aliases, string Strategy);

/// <summary>Checks a whole document without stopping at the first fault, so that a file is repaired in one go.</summary>
internal sealed class CatalogValidator(CatalogProblems problems)
{
    public CheckedCatalog Check(CatalogDocument document)
    {
        var entries = document.Entries.Select(Check).OfType<CheckedEntry>().ToList();
        CheckDuplicates(entries);
        CheckPrices(entries);
        CheckAliases(document.Aliases, document.Entries);
        return new CheckedCatalog(entries, document.Aliases, Strategy(document.Strategy));
    }

    private CheckedEntry? Check(CatalogEntry entry)
    {
        if (entry.Name is null)
        {
            problems.Error(entry.Line, "model_name is missing.");
        }

        if (entry.Model is null)
        {
            problems.Error(entry.Line, "litellm_params.model is missing.");
        }

        CheckName(entry.Name, "model_name");
        CheckName(entry.Model, "litellm_params.model");
        var prices = Prices(entry);
        var mode = Mode(entry.Mode);
        var weight = Number(entry.Weight, "weight", 0, 1_000_000) ?? 1;
        var maximum = Number(entry.MaxOutputTokens, "max_output_tokens", 1, 100_000_000);
        if (entry.ApiKey is { } key && !KeyReference.IsReference(key.Value))
        {
            problems.Warning(key.Line, "api_key is a literal. Write os.environ/NAME or file:PATH, so that the file holds no secret.");
        }

        if (entry.ApiBase is { } address && !KeyReference.IsReference(address.Value) && ServerAddress.TryParse(address.Value) is null)
        {
            problems.Error(address.Line, "api_base must be an http or https address.");
        }

        if (entry.Name is null || entry.Model is null)
        {
            return null;
        }

        if (!ProviderName.TrySplit(entry.Model.Value, out var provider, out var model))
        {
            problems.Error(entry.Model.Line, entry.Model.Value.Contains('/')
                ? $"No provider has the name in \"{entry.Model.Value}\" (known: {ProviderName.List})."
                : $"The provider of \"{entry.Model.Value}\" cannot be inferred: write provider/model (known: {ProviderName.List}).");
            return null;
        }

        if (provider == ProviderName.Vllm && entry.ApiBase is null)
        {
            problems.Error(entry.Model.Line, "A vllm deployment needs litellm_params.api_base.");
        }

        return new CheckedEntry(entry, entry.Name.Value, provider, model)
        {
            Mode = mode,
            Weight = (double)weight,
            MaxOutputTokens = (long?)maximum,
            Prices = prices,
        };
    }

    // A name goes into headers, logs and metrics.
    private void CheckName(CatalogText? name, string key)
    {
        if (name is not null && name.Value.Any(char.IsControl))
        {
            problems.Error(name.Line, $"{key} must not have control characters.");
        }
    }

    private TokenPrices? Prices(CatalogEntry entry)
    {
        var prices = new TokenPrices(
            Price(entry.Input, "input_cost_per_token"),
            Price(entry.CachedInput, "cache_read_input_token_cost"),
            Price(entry.CacheWrite, "cache_creation_input_token_cost"),
            Price(entry.Output, "output_cost_per_token"))
        {
            CacheWrite1h = Price(entry.CacheWrite1h, "cache_creation_input_token_cost_above_1hr"),
            Reasoning = Price(entry.Reasoning, "output_cost_per_reasoning_token"),
            PerRequest = PerRequest(entry.PerRequest),
            Tiers = Tiers(entry),
        };
        if ((entry.Input is null) != (entry.Output is null))
        {
            problems.Error(
                (entry.Input ?? entry.Output)!.Line,
                "input_cost_per_token and output_cost_per_token go together: one of them is missing.");
        }

        return entry.Input is null || entry.Output is null ? null : prices;
    }

    private ImmutableArray<PriceTier> Tiers(CatalogEntry entry)
    {
        var tiers = new SortedDictionary<long, PriceTier>();
        foreach (var (key, text) in entry.Tiers)
        {
            if (TierKey.TryParse(key, out var tierKey) && Price(text, key) is { } price)
            {
                var tier = tiers.GetValueOrDefault(tierKey.PromptTokensAbove) ?? new PriceTier { PromptTokensAbove = tierKey.PromptTokensAbove };
                tierKey.Set(tier, price);
                tiers[tierKey.PromptTokensAbove] = tier;
            }
        }

        if (tiers.Count > 0 && entry.Input is null)
        {
            problems.Error(entry.Tiers[0].Price.Line, $"{entry.Tiers[0].Key} needs input_cost_per_token and output_cost_per_token beside it.");
        }

        return [.. tiers.Values];
    }

    private long? PerRequest(CatalogText? text)
    {
        if (text is null)
        {
            return null;
        }

        if (TokenPrices.TryParsePerRequest(text.Value, out var price))
        {
            return price;
        }

        problems.Error(text.Line, $"input_cost_per_request must be a decimal number of USD, from 0 to 1000, no finer than 1e-9: \"{text.Value}\".");
        return null;
    }

    private long? Price(CatalogText? text, string key)
    {
        if (text is null)
        {
            return null;
        }

        if (TokenPrices.TryParse(text.Value, out var price))
        {
            return price;
        }

        problems.Error(text.Line, $"{key} must be a decimal number of USD per token, from 0 to 0.1, no finer than 1e-15: \"{text.Value}\".");
        return null;
    }

    private decimal? Number(CatalogText? text, string key, decimal least, decimal most)
    {
        if (text is null)
        {
            return null;
        }

        var whole = key == "weight" ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        if (decimal.TryParse(text.Value, whole, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
        {
            return value;
        }

        problems.Error(text.Line, string.Create(CultureInfo.InvariantCulture, $"{key} must be a number from {least} to {most}: \"{text.Value}\"."));
        return null;
    }

    private ModelMode Mode(CatalogText? text)
    {
        switch (text?.Value)
        {
            case null or "chat":
                return ModelMode.Chat;
            case "completion":
                return ModelMode.Completion;
            case "embedding":
                return ModelMode.Embedding;
            case "responses":
                return ModelMode.Responses;
            default:
                problems.Error(text.Line, $"mode must be chat, completion, embedding or responses: \"{text.Value}\".");
                return ModelMode.Chat;
        }
    }

    private void CheckDuplicates(List<CheckedEntry> entries)
    {
        var seen = new Dictionary<(string, string, string, string?, string?), long>();
        foreach (var entry in entries)
        {
            var identity = (entry.Name, entry.Provider, entry.Model, entry.Entry.ApiBase?.Value, entry.Entry.ApiKey?.Value);
            if (!seen.TryAdd(identity, entry.Entry.Line))
            {
                problems.Error(entry.Entry.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{entry.Name} has this deployment already, on line {seen[identity]}."));
            }
        }
    }

    /// <summary>A price belongs to a provider's model, wherever it is deployed.</summary>
    private void CheckPrices(List<CheckedEntry> entries)
    {
        var known = new Dictionary<(string, string, bool), CheckedEntry>();
        foreach (var entry in entries.Where(entry => entry.Prices is not null))
        {
            var atVendor = entry.Entry.ApiBase is not { } address || CatalogBuilder.IsVendor(ServerAddress.TryParse(address.Value));
            var identity = (entry.Provider, entry.Model, atVendor);
            if (!known.TryAdd(identity, entry) && !known[identity].Prices!.SameAs(entry.Prices!))
            {
                problems.Error(entry.Entry.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{entry.Provider}/{entry.Model} has another price on line {known[identity].Entry.Line}; a provider's model has one price."));
            }
        }
    }

    private void CheckAliases(IReadOnlyList<CatalogAlias> aliases, IReadOnlyList<CatalogEntry> entries)
    {
        var names = entries.Select(entry => entry.Name?.Value).OfType<string>().ToHashSet();
        foreach (var alias in aliases)
        {
            if (!names.Contains(alias.Target))
            {
                problems.Error(alias.Line, $"The alias {alias.Name} stands for {alias.Target}, which is no model_name.");
            }

            if (names.Contains(alias.Name))
            {
                problems.Error(alias.Line, $"{alias.Name} is both an alias and a model_name.");
            }
        }
    }

    private string Strategy(CatalogText? text)
    {
        if (text is null || SelectionPolicies.Names.Contains(text.Value))
        {
            return text?.Value ?? SelectionPolicies.Default;
        }

        if (SelectionPolicies.Planned.Contains(text.Value))
        {
            problems.Warning(text.Line, $"routing_strategy {text.Value} is not built yet; {SelectionPolicies.Default} is used.");
        }
        else
        {
            var known = string.Join(", ", SelectionPolicies.Names.Order(StringComparer.Ordinal));
            problems.Error(text.Line, $"routing_strategy {text.Value} is not known (known: {known}).");
        }

        return SelectionPolicies.Default;
    }
}
