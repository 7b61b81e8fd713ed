using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.Routing.Data;
using YamlDotNet.RepresentationModel;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Administrators' changes: checked against the file and all other changes as a whole, kept, and in force here when it returns. The other replicas
/// follow by themselves.
/// </summary>
internal sealed partial class CatalogChanges(
    StoredCatalog stored, CatalogFeed feed, CatalogLoader loader, CatalogStore catalog, PriceAnnouncer prices, ILogger<CatalogChanges> logger)
{
    /// <returns>The new deployment's id.</returns>
    /// <exception cref="CatalogException">It is not valid.</exception>
    /// <exception cref="DuplicateNameException">Its id is taken.</exception>
    public async Task<string> AddAsync(string item, string actor, CancellationToken cancellationToken)
    {
        var id = IdOf(item) ?? NewId();
        await ChangeAsync(
            entries => entries.Any(entry => entry.Kind == StoredKind.Deployment && entry.Name == id) || Find(id) is not null
                ? throw new DuplicateNameException(id)
                : [.. entries, new StoredEntry(StoredKind.Deployment, id, item)],
            actor, cancellationToken);
        Log.Changed(logger, "added", id, actor);
        return id;
    }

    /// <param name="id">A deployment's.</param>
    /// <param name="change">Keys and values that are to be; others stay.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    /// <returns>False when there is no such deployment.</returns>
    /// <exception cref="CatalogException">It is not valid.</exception>
    public async Task<bool> ChangeAsync(string id, JsonObject change, string actor, CancellationToken cancellationToken)
    {
        if (Find(id) is null)
        {
            return false;
        }

        await ChangeAsync(
            entries =>
            {
                var known = entries.FirstOrDefault(entry => entry.Kind == StoredKind.Change && entry.Name == id);
                var merged = known is null ? [] : JsonNode.Parse(known.Body)!.AsObject();
                foreach (var (key, value) in change)
                {
                    merged[key] = value?.DeepClone();
                }

                return [.. entries.Where(entry => entry != known), new StoredEntry(StoredKind.Change, id, merged.ToJsonString())];
            },
            actor, cancellationToken);
        Log.Changed(logger, "changed", id, actor);
        return true;
    }

    /// <returns>False when no administrator added or changed it.</returns>
    /// <exception cref="CatalogException">Something would be left without what it names.</exception>
    public async Task<bool> RemoveAsync(string name, bool isModel, string actor, CancellationToken cancellationToken)
    {
        var found = false;
        await ChangeAsync(
            entries =>
            {
                var kept = entries.Where(entry => entry.Name != name || (entry.Kind == StoredKind.Model) != isModel).ToList();
                found = kept.Count < entries.Count;
                return kept;
            },
            actor, cancellationToken);
        if (found)
        {
            Log.Changed(logger, "removed", name, actor);
        }

        return found;
    }

    /// <exception cref="CatalogException">It is not valid.</exception>
    public async Task SetModelAsync(string name, string rules, string actor, CancellationToken cancellationToken)
    {
        await ChangeAsync(
            entries => [.. entries.Where(entry => entry.Kind != StoredKind.Model || entry.Name != name), new StoredEntry(StoredKind.Model, name, rules)],
            actor, cancellationToken);
        Log.Changed(logger, "set the rules of", name, actor);
    }

    /// <summary>Adds what a LiteLLM file has; what is there already stays.</summary>
    /// <exception cref="CatalogException">The file is not valid, or has literal keys.</exception>
    public async Task<CatalogImport> ImportAsync(string file, bool dryRun, string actor, CancellationToken cancellationToken)
    {
        var import = CatalogImport.Read(file);
        CatalogImport? done = null;
        if (dryRun)
        {
            var (_, entries) = await stored.ReadAsync(cancellationToken);
            loader.Check(import.AddTo(entries, catalog.Current, out done));
            return done;
        }

        await ChangeAsync(entries => import.AddTo(entries, catalog.Current, out done), actor, cancellationToken);
        Log.Changed(logger, "imported", string.Join(", ", done!.Added), actor);
        return done;
    }

    private async Task ChangeAsync(
        Func<IReadOnlyList<StoredEntry>, IReadOnlyList<StoredEntry>> change, string actor, CancellationToken cancellationToken)
    {
        var version = await stored.ChangeAsync(
            entries =>
            {
                var after = change(entries);
                loader.Check(after);
                return after;
            },
            actor, cancellationToken);
        await feed.ReadAsync(version, cancellationToken);
        await prices.WaitAsync(cancellationToken);
    }

    private Deployment? Find(string id) => catalog.Current.All.FirstOrDefault(deployment => deployment.Id == id);

    private static string? IdOf(string item)
    {
        using var text = new StringReader(item);
        var root = CatalogFile.Root(text, new CatalogProblems(""));
        return root is null ? null : new YamlSection(root, "", new CatalogProblems("")).Section("model_info").Text("id")?.Value;
    }

    private static string NewId() => "added-" + RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The catalogue was changed: {What} {Name}, by {Actor}.")]
        public static partial void Changed(ILogger logger, string what, string name, string actor);
    }
}

/// <summary>The id of a new deployment is another one's.</summary>
internal sealed class DuplicateNameException(string id) : Exception($"{id} is taken.");
