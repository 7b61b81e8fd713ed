using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>Puts what administrators changed over what the file says. Problems have the line 0.</summary>
internal sealed class CatalogOverlay(CatalogProblems problems, string keysFolder)
{
    private readonly CatalogScalars _scalars = new(problems);

    public CatalogDocument Apply(CatalogDocument file, IReadOnlyList<StoredEntry> stored)
    {
        var document = file with
        {
            Entries = [.. file.Entries, .. stored.Where(entry => entry.Kind == StoredKind.Deployment).Select(Entry).OfType<CatalogEntry>()],
        };
        foreach (var model in stored.Where(entry => entry.Kind == StoredKind.Model))
        {
            document = Apply(document, model);
        }

        return document;
    }

    /// <summary>Changes of deployments by their ids.</summary>
    public IReadOnlyDictionary<string, DeploymentChange> Changes(IReadOnlyList<StoredEntry> stored) => stored
        .Where(entry => entry.Kind == StoredKind.Change)
        .ToDictionary(entry => entry.Name, entry =>
        {
            var section = Section(entry).Check(CatalogKeys.Change);
            return new DeploymentChange(
                _scalars.Share(section.Text("weight"), "weight", 1_000_000),
                _scalars.Count(section.Text("order"), "order", 0, 1_000_000),
                _scalars.Amount(section.Text("rpm"), "rpm", 1, 1_000_000_000),
                _scalars.Amount(section.Text("tpm"), "tpm", 1, long.MaxValue),
                _scalars.Flag(section.Text("enabled"), "enabled"));
        });

    private CatalogEntry? Entry(StoredEntry stored)
    {
        if (Root(stored) is not { } root)
        {
            return null;
        }

        var entry = CatalogFile.Entry(root, problems);
        if (entry.ApiKey is { } key && !KeyReference.IsReference(key.Value))
        {
            problems.Error(0, "litellm_params.api_key must be a reference, os.environ/NAME or file:PATH.");
        }
        else if (entry.ApiKey is { } reference && !KeyReference.IsForProviders(reference.Value, keysFolder))
        {
            problems.Error(0, $"litellm_params.api_key must be a provider's: os.environ/NAME_KEY or os.environ/NAME_TOKEN, or a file below {keysFolder}.");
        }

        if (entry.ApiBase is { } address && KeyReference.IsReference(address.Value))
        {
            problems.Error(0, "litellm_params.api_base must be an http or https address here.");
        }

        if (entry.ApiVersion is { } version && KeyReference.IsReference(version.Value))
        {
            problems.Error(0, "litellm_params.api_version must be a date such as 2024-10-21, or v1, here.");
        }

        return entry with { Id = new CatalogText(stored.Name, 0), IsAdded = true };
    }

    private CatalogDocument Apply(CatalogDocument document, StoredEntry stored)
    {
        var section = Section(stored).Check(CatalogKeys.Model);
        var model = new CatalogText(stored.Name, 0);
        if (!document.Entries.Any(entry => entry.Name?.Value == stored.Name))
        {
            problems.Error(0, $"name {stored.Name} is no model of the catalogue.");
        }

        var fallbacks = document.Router.Fallbacks.ToList();
        foreach (var (key, kind) in FallbackReader.Keys.Where(key => section.Find(key.Key) is not null))
        {
            fallbacks.RemoveAll(fallback => fallback.Kind == kind && fallback.Model.Value == stored.Name);
            fallbacks.Add(new CatalogFallback(kind, key, model, Names(section, key)));
        }

        var aliases = document.Aliases;
        if (section.Find("aliases") is not null)
        {
            var names = Names(section, "aliases").Select(name => new CatalogAlias(name.Value, stored.Name, 0)).ToList();
            aliases = [.. aliases.Where(alias => alias.Target != stored.Name && !names.Exists(name => name.Name == alias.Name)), .. names];
        }

        var strategy = section.Text("routing_strategy");
        return document with
        {
            Aliases = aliases,
            Router = document.Router with { Fallbacks = fallbacks },
            Entries = strategy is null ? document.Entries
                : [.. document.Entries.Select(entry => entry.Name?.Value == stored.Name ? entry with { Strategy = strategy } : entry)],
        };
    }

    private List<CatalogText> Names(YamlSection section, string key)
    {
        var names = section.List(key).Select(node => (node as YamlScalarNode)?.Value ?? "").ToList();
        if (names.Exists(name => name.Length == 0))
        {
            problems.Error(0, $"{key} must be a list of names.");
        }

        foreach (var name in names)
        {
            _scalars.Name(new CatalogText(name, 0), key);
        }

        return [.. names.Where(name => name.Length > 0).Distinct().Select(name => new CatalogText(name, 0))];
    }

    private YamlSection Section(StoredEntry stored) => new(Root(stored), "", problems);

    private YamlMappingNode? Root(StoredEntry stored)
    {
        using var text = new StringReader(stored.Body);
        return CatalogFile.Root(text, problems);
    }
}
