using System.Collections.Frozen;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// All that can be called at one moment. Immutable: a call keeps the snapshot that it began with, whatever replaces it.
/// </summary>
internal sealed class CatalogSnapshot
{
    private readonly FrozenDictionary<string, CatalogModel> _byName;

    public CatalogSnapshot(IReadOnlyList<CatalogModel> models, IReadOnlyDictionary<string, string> aliases, string defaultModel, CheckedRouter router)
    {
        var byName = models.ToDictionary(model => model.Name);
        foreach (var (alias, target) in aliases)
        {
            if (byName.TryGetValue(target, out var model))
            {
                byName.TryAdd(alias, model);
            }
        }

        _byName = byName.ToFrozenDictionary();
        Models = models;
        Names = [.. models.Select(model => model.Name), .. aliases.Keys.Where(_byName.ContainsKey).Except(models.Select(model => model.Name))];
        DefaultModel = defaultModel;
        Router = router;
    }

    public static CatalogSnapshot Empty { get; } = new([], new Dictionary<string, string>(), "", new CheckedRouter { Strategy = SelectionPolicies.Default });

    /// <summary>The usable models, in the file's order.</summary>
    public IReadOnlyList<CatalogModel> Models { get; }

    /// <summary>What clients may ask for: models, then aliases.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The model of a request that names none. May be unusable, and then such a request finds nothing.</summary>
    public string DefaultModel { get; }

    /// <summary>What holds for every model that says nothing else.</summary>
    public CheckedRouter Router { get; }

    /// <summary>Deployments that an administrator disabled.</summary>
    public IReadOnlyList<Deployment> Disabled { get; init; } = [];

    public IEnumerable<Deployment> DisabledOf(CatalogModel model) => Disabled.Where(deployment => deployment.ModelName == model.Name);

    /// <summary>Usable or disabled.</summary>
    public IEnumerable<Deployment> All => Models.SelectMany(model => model.Deployments).Concat(Disabled);

    public CatalogModel? Find(string name) => _byName.GetValueOrDefault(name.Length == 0 ? DefaultModel : name);
}
