using System.Globalization;
using LlmGateway.Protos.Billing.V1;
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

    /// <summary>Of deployments, by their ids.</summary>
    public IReadOnlyDictionary<string, DeploymentChange> Changes { get; init; } = new Dictionary<string, DeploymentChange>();

    /// <summary>Models whose rules are an administrator's.</summary>
    public IReadOnlyCollection<string> ChangedModels { get; init; } = [];

    private readonly DeploymentFactory _factory = new(Catalog, Providers, MockAnswers, Configuration);

    /// <param name="onServer">Names that the server of LLM_SERVER_URL lists.</param>
    /// <param name="onLiteLlm">Names that the proxy of LITELLM_PROXY_URL lists.</param>
    public CatalogSnapshot Build(IReadOnlyList<string> onServer, IReadOnlyList<string>? onLiteLlm = null)
    {
        var deployments = Catalog.Entries.Select(_factory.Make).OfType<Deployment>().ToList();
        if (!MockAnswers)
        {
            AddDiscovered(deployments, onServer, Providers.LlmServer, _factory.OnServer);
            AddDiscovered(deployments, onLiteLlm ?? [], Providers.LiteLlm, _factory.OnLiteLlm);
        }

        var aliases = Catalog.Aliases.DistinctBy(alias => alias.Name).ToDictionary(alias => alias.Name, alias => alias.Target);
        var all = WithUniqueIds(deployments)
            .Select(deployment => Changes.TryGetValue(deployment.Id, out var change) ? change.ApplyTo(deployment) : deployment).ToLookup(deployment => deployment.Enabled);
        var models = all[true]
            .GroupBy(deployment => deployment.ModelName)
            .Select(model => Model(model.Key, [.. model], aliases))
            .ToList();
        return new CatalogSnapshot(models, aliases, Default(onServer), Catalog.Router) { Disabled = [.. all[false]] };
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

        var known = new Dictionary<(string Provider, string Model), (long Line, TokenPrices? Prices, ModelName? PricedAs)>();
        foreach (var entry in Catalog.Entries)
        {
            if (_factory.Make(entry) is not { } deployment || deployment is { Prices: null, PricedAs: null })
            {
                continue;
            }

            var identity = (deployment.Provider, deployment.UpstreamModel);
            var priced = (entry.Entry.Line, deployment.Prices, deployment.PricedAs);
            if (!known.TryAdd(identity, priced) && !Alike(known[identity], priced))
            {
                problems.Error(entry.Entry.Line, string.Create(CultureInfo.InvariantCulture,
                    $"{deployment.Provider}/{deployment.UpstreamModel} has another price on line {known[identity].Line} (a server of one's own without a price is free): price them alike."));
            }
        }

        static bool Alike((long, TokenPrices? Prices, ModelName? PricedAs) one, (long, TokenPrices? Prices, ModelName? PricedAs) other) =>
            one.Prices is null || other.Prices is null
                ? one.Prices is null && other.Prices is null && Equals(one.PricedAs, other.PricedAs)
                : one.Prices.SameAs(other.Prices);
    }

    /// <summary>Whether this is the vendor's own API, which an entry without an address means too.</summary>
    internal static bool IsVendor(Uri? address) => DeploymentFactory.IsVendor(address);

    // What the file has under a name goes first.
    private static void AddDiscovered(
        List<Deployment> deployments, IReadOnlyList<string> names, ProviderAccount account, Func<string, Uri, Deployment> make)
    {
        if (ServerAddress.TryParse(account.BaseUrl) is { } server)
        {
            var taken = deployments.Select(deployment => deployment.ModelName).ToHashSet();
            deployments.AddRange(names.Where(name => !taken.Contains(name)).Select(name => make(name, server)));
        }
    }

    private CatalogModel Model(string name, IReadOnlyList<Deployment> deployments, Dictionary<string, string> aliases)
    {
        var entries = Catalog.Entries.Where(entry => entry.Name == name).ToList();
        return new CatalogModel(name, deployments)
        {
            Strategy = entries.Find(entry => entry.Strategy is not null)?.Strategy,
            Changed = ChangedModels.Contains(name),
            Hedge = entries.Exists(entry => entry.Hedge),
            Rescue = entries.Find(entry => entry.Rescue is not null)?.Rescue ?? Rescue.Error,
            Fallbacks = Fallbacks(FallbackKind.Any),
            ContextWindowFallbacks = Fallbacks(FallbackKind.ContextWindow),
            ContentPolicyFallbacks = Fallbacks(FallbackKind.ContentPolicy),
        };

        IReadOnlyList<string> Fallbacks(FallbackKind kind)
        {
            var rules = Catalog.Fallbacks.Where(fallback => fallback.Kind == kind).ToList();
            var rule = rules.Find(fallback => aliases.GetValueOrDefault(fallback.Model.Value, fallback.Model.Value) == name)
                ?? rules.Find(fallback => fallback.Model.Value == FallbackReader.EveryModel);
            return [.. (rule?.Targets ?? []).Select(target => aliases.GetValueOrDefault(target.Value, target.Value)).Where(target => target != name).Distinct()];
        }
    }

    private string Default(IReadOnlyList<string> discovered) =>
        DefaultModel.Length > 0 ? DefaultModel : discovered.Count > 0 ? discovered[0] : FallbackModel;

    /// <summary>Null for what the provider's adapter does not do.</summary>
    private static Deployment? Served(Deployment deployment) => (deployment.Mode, deployment.Adapter) switch
    {
        // Responses is another way to chat.
        (ModelMode.Chat or ModelMode.Responses, _) => deployment,
        (ModelMode.Embedding, ProviderName.OpenAi or ProviderName.Gemini or ProviderName.Mock) => deployment,
        (ModelMode.Completion, ProviderName.OpenAi) => deployment,
        _ => null,
    };

    private static IEnumerable<Deployment> WithUniqueIds(List<Deployment> deployments)
    {
        var count = new Dictionary<string, int>();
        foreach (var deployment in deployments.Select(Served).OfType<Deployment>())
        {
            count[deployment.Id] = count.GetValueOrDefault(deployment.Id) + 1;
            yield return count[deployment.Id] == 1
                ? deployment
                : deployment with { Id = string.Create(CultureInfo.InvariantCulture, $"{deployment.Id}#{count[deployment.Id]}") };
        }
    }
}
