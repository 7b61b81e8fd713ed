using System.Globalization;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Catalog;

/// <summary>Checks a whole document without stopping at the first fault, so that a file is repaired in one go.</summary>
/// <param name="problems">Gets the faults.</param>
/// <param name="isOpen">Names that are no entry's may come from a server whose models are read from it.</param>
internal sealed class CatalogValidator(CatalogProblems problems, bool isOpen = false)
{
    private const int MostCalls = 1_000_000_000;

    private readonly CatalogScalars _scalars = new(problems);
    private readonly EntryPrices _prices = new(problems);

    public CheckedCatalog Check(CatalogDocument document)
    {
        var entries = document.Entries.Select(Check).OfType<CheckedEntry>().ToList();
        CheckDuplicates(entries);
        CheckPrices(entries);
        CheckModels(entries);
        new CatalogRules(problems, isOpen).Check(document);
        return new CheckedCatalog(entries, document.Aliases, document.Router.Fallbacks, Check(document.Router));
    }

    private CheckedRouter Check(CatalogRouter router) => new()
    {
        Strategy = Strategy(router.Strategy) ?? SelectionPolicies.Default,
        PrefixAffinity = _scalars.Flag(router.PrefixAffinity, "prefix_affinity") ?? true,
        Retries = _scalars.Count(router.Retries, "num_retries", 0, 9),
        RetryDelay = _scalars.Seconds(router.RetryDelay, "retry_policy.delay", least: 0),
        AllowedFails = _scalars.Count(router.AllowedFails, "allowed_fails", 0, 1_000_000),
        Cooldown = _scalars.Seconds(router.Cooldown, "cooldown_time", least: 0),
        Timeout = _scalars.Seconds(router.Timeout, "timeout"),
        StreamTimeout = _scalars.Seconds(router.StreamTimeout, "stream_timeout"),
        Rpm = _scalars.Amount(router.Rpm, "rate_limit.rpm", 1, MostCalls),
        Tpm = _scalars.Amount(router.Tpm, "rate_limit.tpm", 1, long.MaxValue),
        DropParams = _scalars.Flag(router.DropParams, "drop_params") ?? false,
    };

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

        _scalars.Name(entry.Name, "model_name");
        _scalars.Name(entry.Model, "litellm_params.model");
        _scalars.Name(entry.Id, "model_info.id");
        var values = Values(entry);
        CheckAddress(entry);
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

        if (provider != ProviderName.Azure && entry.ApiVersion is { } version)
        {
            problems.Error(version.Line, "api_version is for azure/ deployments only.");
        }

        return values with { Name = entry.Name.Value, Provider = provider, Model = model };
    }

    private CheckedEntry Values(CatalogEntry entry) => new(entry, "", "", "")
    {
        Mode = Mode(entry.Mode),
        Weight = _scalars.Share(entry.Weight, "weight", 1_000_000) ?? 1,
        Order = _scalars.Count(entry.Order, "order", 0, 1_000_000) ?? int.MaxValue,
        Rpm = _scalars.Amount(entry.Rpm, "rpm", 1, MostCalls),
        Tpm = _scalars.Amount(entry.Tpm, "tpm", 1, long.MaxValue),
        Timeout = _scalars.Seconds(entry.Timeout, "timeout"),
        StreamTimeout = _scalars.Seconds(entry.StreamTimeout, "stream_timeout"),
        Retries = _scalars.Count(entry.Retries, "num_retries", 0, 9),
        Cooldown = _scalars.Seconds(entry.Cooldown, "cooldown_time", least: 0),
        DropParams = _scalars.Flag(entry.DropParams, "drop_params"),
        Strategy = Strategy(entry.Strategy),
        Hedge = _scalars.Flag(entry.Hedge, "hedge") ?? false,
        Rescue = Rescue(entry.Rescue),
        Prefill = _scalars.Flag(entry.Prefill, "supports_assistant_prefill") ?? false,
        MaxOutputTokens = _scalars.Amount(entry.MaxOutputTokens, "max_output_tokens", 1, 100_000_000),
        Prices = _prices.Read(entry),
    };

    private Rescue? Rescue(CatalogText? text)
    {
        switch (text?.Value)
        {
            case null:
                return null;
            case "error":
                return Catalog.Rescue.Error;
            case "resume":
                return Catalog.Rescue.Resume;
            case "buffer":
                return Catalog.Rescue.Buffer;
            default:
                problems.Error(text.Line, $"rescue must be error, resume or buffer: \"{text.Value}\".");
                return null;
        }
    }

    private void CheckAddress(CatalogEntry entry)
    {
        if (entry.ApiKey is { } key && !KeyReference.IsReference(key.Value))
        {
            problems.Warning(key.Line, "api_key is a literal. Write os.environ/NAME or file:PATH, so that the file holds no secret.");
        }

        if (entry.ApiBase is { } address && !KeyReference.IsReference(address.Value) && ServerAddress.TryParse(address.Value) is null)
        {
            problems.Error(address.Line, "api_base must be an http or https address.");
        }

        if (entry.ApiVersion is { } version && !KeyReference.IsReference(version.Value)
            && !version.Value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.'))
        {
            problems.Error(version.Line, $"api_version must be a date such as 2024-10-21, or v1: \"{version.Value}\".");
        }
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
        var ids = new Dictionary<string, long>();
        foreach (var entry in entries)
        {
            var identity = (entry.Name, entry.Provider, entry.Model, entry.Entry.ApiBase?.Value, entry.Entry.ApiKey?.Value);
            if (!seen.TryAdd(identity, entry.Entry.Line))
            {
                problems.Error(entry.Entry.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{entry.Name} has this deployment already, on line {seen[identity]}."));
            }

            if (entry.Entry.Id is { } id && !ids.TryAdd(id.Value, id.Line))
            {
                problems.Error(id.Line, string.Create(CultureInfo.InvariantCulture, $"model_info.id {id.Value} is taken, on line {ids[id.Value]}."));
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

    /// <summary>What is said of a model on its deployments must be one thing.</summary>
    private void CheckModels(List<CheckedEntry> entries)
    {
        foreach (var model in entries.Where(entry => entry.Strategy is not null).GroupBy(entry => entry.Name))
        {
            var first = model.First();
            foreach (var other in model.Where(entry => entry.Strategy != first.Strategy))
            {
                problems.Error(other.Entry.Strategy!.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{model.Key} has another routing_strategy on line {first.Entry.Strategy!.Line}."));
            }
        }
    }

    private string? Strategy(CatalogText? text)
    {
        if (text is null)
        {
            return null;
        }

        if (SelectionPolicies.NameOf(text.Value) is { } name)
        {
            return name;
        }

        var known = string.Join(", ", SelectionPolicies.Names.Order(StringComparer.Ordinal));
        problems.Error(text.Line, $"routing_strategy {text.Value} is not known (known: {known}).");
        return null;
    }
}
