using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Catalog;

/// <summary>Makes a deployment of an entry, or none where there is no key, address or adapter for it.</summary>
internal sealed class DeploymentFactory(CheckedCatalog catalog, ProvidersOptions providers, bool mockAnswers, IConfiguration configuration)
{
    private static readonly Uri OpenAiAddress = new("https://api.openai.com/v1/");
    private static readonly Uri AnthropicAddress = new("https://api.anthropic.com/v1/");
    private static readonly Uri GeminiAddress = new("https://generativelanguage.googleapis.com/v1beta/");
    private static readonly Uri OllamaAddress = new("http://localhost:11434/v1/");

    /// <summary>Whether this is the vendor's own API, which an entry without an address means too.</summary>
    public static bool IsVendor(Uri? address) => address?.Host == OpenAiAddress.Host;

    public Deployment? Make(CheckedEntry entry) => mockAnswers || entry.Provider == ProviderName.Mock ? Mocked(entry) : entry.Provider switch
    {
        ProviderName.OpenAi when IsAtOpenAi(entry) => AtOpenAi(entry),
        ProviderName.OpenAi => Own(entry, ProviderName.OpenAiCompatible, fallback: null),
        ProviderName.Vllm => Own(entry, ProviderName.Vllm, fallback: null),
        ProviderName.Ollama => Own(entry, ProviderName.Ollama, OllamaAddress),
        ProviderName.Anthropic => AtVendor(entry, providers.Anthropic, AnthropicAddress),
        ProviderName.Gemini => AtVendor(entry, providers.Gemini, GeminiAddress),
        ProviderName.Azure => AtAzure(entry),
        ProviderName.LiteLlm => AtLiteLlm(entry),
        _ => throw new InvalidOperationException($"{entry.Provider} is a provider that nothing is made for."),
    };

    /// <summary>A model that the server of LLM_SERVER_URL lists.</summary>
    public Deployment OnServer(string name, Uri address) => Discovered(name, ProviderName.LlmServer, address, providers.LlmServer) with
    {
        Prices = TokenPrices.Free,
    };

    /// <summary>A model that the LiteLLM proxy of LITELLM_PROXY_URL lists: it costs what the shipped model of that name does.</summary>
    public Deployment OnLiteLlm(string name, Uri address) => Discovered(name, ProviderName.LiteLlm, address, providers.LiteLlm) with
    {
        PricedAs = PricedAs(name),
    };

    private static Deployment Discovered(string name, string provider, Uri address, ProviderAccount account) => new()
    {
        Id = $"{provider}/{name}",
        ModelName = name,
        Provider = provider,
        UpstreamModel = name,
        Source = DeploymentSource.Discovered,
        Adapter = ProviderName.OpenAi,
        BaseAddress = address,
        Keys = account.Keys,
    };

    private Deployment? AtOpenAi(CheckedEntry entry) => Keys(entry, providers.OpenAi) is { Count: > 0 } keys
        ? From(entry, ProviderName.OpenAi) with
        {
            BaseAddress = ServerAddress.TryParse(providers.OpenAi.BaseUrl) ?? OpenAiAddress,
            Keys = keys,
            Prices = entry.Prices ?? FilePrices(entry),
        }
        : null;

    /// <summary>A vendor with a wire of its own, at its own address or at one that stands in for it.</summary>
    private Deployment? AtVendor(CheckedEntry entry, ProviderAccount account, Uri vendor)
    {
        var written = entry.Entry.ApiBase is { } text ? KeyReference.Resolve(text.Value, configuration) : account.BaseUrl;
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

    private Deployment? AtAzure(CheckedEntry entry)
    {
        var written = entry.Entry.ApiBase is { } text ? KeyReference.Resolve(text.Value, configuration) : providers.Azure.BaseUrl;
        var version = entry.Entry.ApiVersion is { } own ? KeyReference.Resolve(own.Value, configuration) ?? "" : providers.Azure.ApiVersion;
        return AzureAddress.TryParse(written ?? "", entry.Model, version) is { } address && Keys(entry, providers.Azure) is { Count: > 0 } keys
            ? From(entry, ProviderName.Azure) with
            {
                BaseAddress = address.Root,
                ApiVersion = address.Version,
                Keys = keys,
                Prices = entry.Prices ?? FilePrices(entry),
                PricedAs = PricedAs(entry),
            }
            : null;
    }

    private Deployment? AtLiteLlm(CheckedEntry entry)
    {
        var written = entry.Entry.ApiBase is { } text ? KeyReference.Resolve(text.Value, configuration) : providers.LiteLlm.BaseUrl;
        return ServerAddress.TryParse(written ?? "") is { } address
            ? From(entry, ProviderName.LiteLlm) with
            {
                BaseAddress = address,
                Keys = Keys(entry, providers.LiteLlm),
                Prices = entry.Prices ?? FilePrices(entry),
                PricedAs = PricedAs(entry),
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

    private Deployment Mocked(CheckedEntry entry) => From(entry, ProviderName.Mock) with
    {
        Adapter = ProviderName.Mock,
        Mode = entry.Mode == ModelMode.Embedding ? ModelMode.Embedding : ModelMode.Chat,
        Prices = entry.Prices ?? (IsOwn(entry) ? TokenPrices.Free : null),
        PricedAs = entry.Provider == ProviderName.Mock ? null : PricedAs(entry) ?? new() { Provider = entry.Provider, Model = entry.Model },
    };

    private Deployment From(CheckedEntry entry, string provider) => new()
    {
        Id = entry.Entry.Id?.Value ?? $"{provider}/{entry.Model}",
        ModelName = entry.Name,
        Source = entry.Entry.IsAdded ? DeploymentSource.Added : DeploymentSource.File,
        Provider = provider,
        UpstreamModel = entry.Model,
        Adapter = ProviderName.OpenAi,
        Weight = entry.Weight,
        Order = entry.Order,
        RequestsPerMinute = entry.Rpm ?? catalog.Router.Rpm,
        TokensPerMinute = entry.Tpm ?? catalog.Router.Tpm,
        Timeout = entry.Timeout ?? catalog.Router.Timeout,
        FirstTokenTimeout = entry.StreamTimeout ?? catalog.Router.StreamTimeout,
        Retries = entry.Retries,
        AllowedFails = catalog.Router.AllowedFails,
        Cooldown = entry.Cooldown ?? catalog.Router.Cooldown,
        DropParams = entry.DropParams ?? catalog.Router.DropParams,
        Mode = entry.Mode,
        MaxOutputTokens = entry.MaxOutputTokens,
        Prefill = entry.Prefill,
    };

    /// <summary>
    /// The model whose price a deployment of a name of its own has: Azure's deployments and a proxy's models are named by whoever set them up.
    /// Null where the provider's own name is the one that has a price.
    /// </summary>
    private static ModelName? PricedAs(CheckedEntry entry) =>
        entry.Provider is ProviderName.Azure or ProviderName.LiteLlm ? PricedAs(entry.Entry.BaseModel?.Value ?? entry.Model) : null;

    private static ModelName? PricedAs(string name)
    {
        if (!ProviderName.TrySplit(name, out var provider, out var model))
        {
            return null;
        }

        // Azure's prices are OpenAI's.
        return new ModelName { Provider = provider == ProviderName.Azure ? ProviderName.OpenAi : provider, Model = model };
    }

    /// <summary>What another entry of the same vendor's model is priced at.</summary>
    private TokenPrices? FilePrices(CheckedEntry entry) => catalog.Entries.FirstOrDefault(other => other.Prices is not null
        && other.Provider == entry.Provider && other.Model == entry.Model
        && (other.Provider != ProviderName.OpenAi || other.Entry.ApiBase is null || IsVendor(Address(other))))?.Prices;

    private IReadOnlyList<ProviderKey> Keys(CheckedEntry entry, ProviderAccount account) =>
        entry.Entry.ApiKey is { } reference ? Resolve(reference) : account.Keys;

    private IReadOnlyList<ProviderKey> Resolve(CatalogText reference) =>
        KeyReference.Resolve(reference.Value, configuration) is { } secret ? ProviderKey.Split(secret) : [];

    private Uri? Address(CheckedEntry entry) => entry.Entry.ApiBase is { } text && KeyReference.Resolve(text.Value, configuration) is { } resolved
        ? ServerAddress.TryParse(resolved)
        : null;

    private bool IsAtOpenAi(CheckedEntry entry) => entry.Entry.ApiBase is null || IsVendor(Address(entry));

    private bool IsOwn(CheckedEntry entry) =>
        entry.Provider is ProviderName.Ollama or ProviderName.Vllm || (entry.Provider == ProviderName.OpenAi && !IsAtOpenAi(entry));
}
