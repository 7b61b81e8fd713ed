using System.Globalization;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Makes a snapshot of what the file says, what the operator has keys for, and what his own server offers. A deployment without
/// key, adapter or address is left out; a model without deployments is neither listed nor found.
/// </summary>
internal sealed record CatalogBuilder(
    CheckedCatalog Catalog, ProvidersOptions Providers, bool MockAnswers, string DefaultModel, IConfiguration Configuration)
{
    private const string FallbackModel = "gpt-3.5-turbo";

    private static readonly Uri OpenAiAddress = new("https://api.openai.com/v1/");
    private static readonly Uri AnthropicAddress = new("https://api.anthropic.com/v1/");
    private static readonly Uri GeminiAddress = new("https://generativelanguage.googleapis.com/v1beta/");
    private static readonly Uri OllamaAddress = new("http://localhost:11434/v1/");

    /// <param name="discovered">Names that the server of LLM_SERVER_URL lists.</param>
    public CatalogSnapshot Build(IReadOnlyList<string> discovered)
    {
        var deployments = Catalog.Entries.Select(entry => MockAnswers ? Mocked(entry) : Usable(entry)).OfType<Deployment>().ToList();
        var named = deployments.Select(deployment => deployment.ModelName).ToHashSet();
        if (!MockAnswers && ServerAddress.TryParse(Providers.LlmServer.BaseUrl) is { } server)
        {
            deployments.AddRange(discovered.Where(name => !named.Contains(name)).Select(name => OnServer(name, server)));
        }

        var models = WithUniqueIds(deployments)
            .GroupBy(deployment => deployment.ModelName)
            .Select(model => new CatalogModel(model.Key, [.. model]))
            .ToList();
        var aliases = Catalog.Aliases.DistinctBy(alias => alias.Name).ToDictionary(alias => alias.Name, alias => alias.Target);
        return new CatalogSnapshot(models, aliases, Default(discovered), Catalog.Strategy);
    }

    /// <summary>
    /// Billing knows one price of a provider's model, wherever it runs: two servers that announce the same one must be priced alike.
    /// Which entries those are depends on addresses and keys, so that the file alone does not tell.
    /// </summary>
    public void CheckPrices(CatalogProblems problems)
    {
        if (MockAnswers)
        {
            // The mock stands in for every provider, and its answers are made up.
            return;
        }

        var known = new Dictionary<(string Provider, string Model), (long Line, TokenPrices Prices)>();
        foreach (var entry in Catalog.Entries)
        {
            if (Usable(entry) is not { Mode: ModelMode.Chat, Prices: { } prices } deployment)
            {
                continue;
            }

            var identity = (deployment.Provider, deployment.UpstreamModel);
            if (!known.TryAdd(identity, (entry.Entry.Line, prices)) && !known[identity].Prices.SameAs(prices))
            {
                problems.Error(entry.Entry.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{deployment.Provider}/{deployment.UpstreamModel} has another price on line {known[identity].Line} (a server of one's own without a price is free): price them alike."));
            }
        }
    }

    /// <summary>Whether this is the vendor's own API, which an entry without an address means too.</summary>
    internal static bool IsVendor(Uri? address) => address?.Host == OpenAiAddress.Host;

    private string Default(IReadOnlyList<string> discovered) =>
        DefaultModel.Length > 0 ? DefaultModel : discovered.Count > 0 ? discovered[0] : FallbackModel;

    private Deployment? Usable(CheckedEntry entry)
    {
        switch (entry.Provider)
        {
            case ProviderName.Mock:
                return Mocked(entry);
            case ProviderName.OpenAi when entry.Entry.ApiBase is null || IsVendor(entry):
                return Keys(entry, Providers.OpenAi) is { Count: > 0 } keys
                    ? From(entry, ProviderName.OpenAi) with
                    {
                        BaseAddress = ServerAddress.TryParse(Providers.OpenAi.BaseUrl) ?? OpenAiAddress,
                        Keys = keys,
                        Prices = entry.Prices ?? FilePrices(entry),
                    }
                    : null;
            case ProviderName.OpenAi:
                return Own(entry, ProviderName.OpenAiCompatible, fallback: null);
            case ProviderName.Vllm:
                return Own(entry, ProviderName.Vllm, fallback: null);
            case ProviderName.Ollama:
                return Own(entry, ProviderName.Ollama, OllamaAddress);
            case ProviderName.Anthropic:
                return AtVendor(entry, Providers.Anthropic, AnthropicAddress);
            case ProviderName.Gemini:
                return AtVendor(entry, Providers.Gemini, GeminiAddress);
            default:
                // A provider by a known name that no adapter speaks yet.
                return null;
        }
    }

    /// <summary>A vendor with a wire of its own, at its own address or at one that stands in for it.</summary>
    private Deployment? AtVendor(CheckedEntry entry, ProviderAccount account, Uri vendor)
    {
        var written = entry.Entry.ApiBase is { } text ? KeyReference.Resolve(text.Value, Configuration) : account.BaseUrl;
        return Keys(entry, account) is { Count: > 0 } keys
            ? From(entry, entry.Provider) with
            {
                Adapter = entry.Provider,
                BaseAddress = ServerAddress.TryParse(written ?? "", vendor.AbsolutePath) ?? vendor,
                Keys = keys,
                Prices = entry.Prices ?? FilePrices(entry),
            }
            : null;
    }

    /// <summary>A server of one's own: no key unless the file gives one, and no price unless the file gives one.</summary>
    private Deployment? Own(CheckedEntry entry, string provider, Uri? fallback)
    {
        var address = Address(entry) ?? (entry.Entry.ApiBase is null ? fallback : null);
        var keys = entry.Entry.ApiKey is { } reference ? Resolve(reference) : [];
        return address is null || (entry.Entry.ApiKey is not null && keys.Count == 0)
            ? null
            : From(entry, provider) with { BaseAddress = address, Keys = keys, Prices = entry.Prices ?? TokenPrices.Free };
    }

    private Deployment OnServer(string name, Uri address) => new()
    {
        Id = $"{ProviderName.LlmServer}/{name}",
        ModelName = name,
        Provider = ProviderName.LlmServer,
        UpstreamModel = name,
        Adapter = ProviderName.OpenAi,
        BaseAddress = address,
        Keys = Providers.LlmServer.Keys,
        Prices = TokenPrices.Free,
    };

    private static Deployment? Mocked(CheckedEntry entry) => entry.Mode == ModelMode.Embedding
        ? null
        : From(entry, ProviderName.Mock) with
        {
            Adapter = ProviderName.Mock,
            Mode = ModelMode.Chat,
            Prices = entry.Prices,
            PricedAs = entry.Provider == ProviderName.Mock ? null : new() { Provider = entry.Provider, Model = entry.Model },
        };

    private static Deployment? Chats(Deployment deployment) => deployment.Mode == ModelMode.Chat ? deployment : null;

    private static Deployment From(CheckedEntry entry, string provider) => new()
    {
        Id = $"{provider}/{entry.Model}",
        ModelName = entry.Name,
        Provider = provider,
        UpstreamModel = entry.Model,
        Adapter = ProviderName.OpenAi,
        Weight = entry.Weight,
        Mode = entry.Mode,
        MaxOutputTokens = entry.MaxOutputTokens,
    };

    /// <summary>What another entry of the same vendor's model is priced at.</summary>
    private TokenPrices? FilePrices(CheckedEntry entry) => Catalog.Entries.FirstOrDefault(other => other.Prices is not null
        && other.Provider == entry.Provider && other.Model == entry.Model && (other.Entry.ApiBase is null || IsVendor(other)))?.Prices;

    private IReadOnlyList<ProviderKey> Keys(CheckedEntry entry, ProviderAccount account) =>
        entry.Entry.ApiKey is { } reference ? Resolve(reference) : account.Keys;

    private IReadOnlyList<ProviderKey> Resolve(CatalogText reference) =>
        KeyReference.Resolve(reference.Value, Configuration) is { } secret ? ProviderKey.Split(secret) : [];

    private Uri? Address(CheckedEntry entry) => entry.Entry.ApiBase is { } text && KeyReference.Resolve(text.Value, Configuration) is { } resolved
        ? ServerAddress.TryParse(resolved)
        : null;

    private bool IsVendor(CheckedEntry entry) => IsVendor(Address(entry));

    private static IEnumerable<Deployment> WithUniqueIds(List<Deployment> deployments)
    {
        var count = new Dictionary<string, int>();
        foreach (var deployment in deployments.Select(Chats).OfType<Deployment>())
        {
            count[deployment.Id] = count.GetValueOrDefault(deployment.Id) + 1;
            yield return count[deployment.Id] == 1
                ? deployment
                : deployment with { Id = string.Create(CultureInfo.InvariantCulture, $"{deployment.Id}#{count[deployment.Id]}") };
        }
    }
}
