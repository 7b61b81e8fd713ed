using System.Globalization;
using LlmGateway.Routing.Catalog;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Routing.Data;

/// <summary>What administrators changed of the catalogue, as the database has it.</summary>
internal sealed class StoredCatalog(IServiceScopeFactory scopes, TimeProvider time)
{
    /// <summary>What is listened for (PostgreSQL NOTIFY). Its payload means nothing.</summary>
    public const string Channel = "llmgateway_routing_catalog";

    public async Task<(long Version, IReadOnlyList<StoredEntry> Entries)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<RoutingDbContext>();

        // The version first: entries that are newer than it are read once more, and never missed.
        var version = await db.CatalogVersions.Select(row => row.Version).SingleAsync(cancellationToken);
        return (version, await EntriesAsync(db, cancellationToken));
    }

    public async Task<long> ReadVersionAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().CatalogVersions.Select(row => row.Version).SingleAsync(cancellationToken);
    }

    /// <summary>Changes them; writers take turns, so that each one checks what the one before left.</summary>
    /// <param name="change">Of all entries makes all of them as they are to be; what it throws changes nothing.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    /// <returns>The version that it is from then on.</returns>
    public async Task<long> ChangeAsync(
        Func<IReadOnlyList<StoredEntry>, IReadOnlyList<StoredEntry>> change, string actor, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<RoutingDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.CatalogVersions.ExecuteUpdateAsync(set => set.SetProperty(row => row.Version, row => row.Version + 1), cancellationToken);
        var before = await EntriesAsync(db, cancellationToken);
        var after = change(before);
        foreach (var gone in before.Where(entry => !after.Any(kept => kept.Kind == entry.Kind && kept.Name == entry.Name)))
        {
            await db.CatalogEntries.Where(row => row.Kind == gone.Kind && row.Name == gone.Name).ExecuteDeleteAsync(cancellationToken);
        }

        var now = time.GetUtcNow();
        foreach (var entry in after.Except(before))
        {
            var kind = entry.Kind.ToString();
            await db.Database.ExecuteSqlAsync(
                $"""
                 INSERT INTO routing.catalog_entries (kind, name, body, changed_at, changed_by) VALUES ({kind}, {entry.Name}, {entry.Body}, {now}, {actor})
                 ON CONFLICT (kind, name) DO UPDATE SET body = excluded.body, changed_at = excluded.changed_at, changed_by = excluded.changed_by
                 """,
                cancellationToken);
        }

        await db.Database.ExecuteSqlRawAsync(string.Create(CultureInfo.InvariantCulture, $"NOTIFY {Channel}"), cancellationToken);
        var version = await db.CatalogVersions.Select(row => row.Version).SingleAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return version;
    }

    private static async Task<IReadOnlyList<StoredEntry>> EntriesAsync(RoutingDbContext db, CancellationToken cancellationToken) =>
        [.. (await db.CatalogEntries.AsNoTracking().OrderBy(row => row.Kind).ThenBy(row => row.Name).ToListAsync(cancellationToken)).Select(row => row.ToEntry())];
}
