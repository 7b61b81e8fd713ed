using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Actor = LlmGateway.Keys.Audit.Actor;

namespace LlmGateway.Keys.Backup;

/// <summary>Takes a document back, all or nothing.</summary>
/// <remarks>
/// 1. The document is read and checked to its end. Until then the database is not asked.
/// 2. In one transaction, beside which nobody writes: its rows are put next to those that exist, and what would become another is counted.
/// 3. They are written, if that is allowed. A dry run does the same, so that it meets the same obstacles, and takes it back.
/// 4. Everything is said to have changed, so that it holds on all gateways at once.
/// </remarks>
internal sealed class BackupRestore(KeysDbContext db, TimeProvider time)
{
    public const long MaxBytes = 256 * 1024 * 1024;
    private const int MostIds = 100;

    /// <param name="by">Who asks.</param>
    /// <param name="options">What is allowed.</param>
    /// <param name="json">The document.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public async Task<RestoreReply> RunAsync(Actor by, RestoreOptions options, Stream json, CancellationToken cancellationToken)
    {
        try
        {
            var document = await BackupReader.ReadAsync(json, cancellationToken); // 1
            return await db.Database.CreateExecutionStrategy().ExecuteAsync(cancel => RunOnceAsync(by, options, document, cancel), cancellationToken);
        }
        catch (BackupRefusedException refusal)
        {
            return refusal.ToReply();
        }
    }

    private async Task<RestoreReply> RunOnceAsync(Actor by, RestoreOptions options, BackupDocument document, CancellationToken cancellationToken)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await DatabaseLock.HoldForTransactionAsync(db, Mutations.Lock, cancellationToken);
        await db.RunAsync(RestoreSql.Lock, cancellationToken);
        await CheckReferencesAsync(document, cancellationToken);
        await RestoreTables.FillAsync(db, document, cancellationToken);
        await db.RunAsync(RestoreSql.Compare, cancellationToken); // 2
        List<RestoreChange> changes =
        [
            await ChangeAsync("account", "accounts", "accounts", document.Accounts.Count, cancellationToken),
            await ChangeAsync("tariff", "tariffs", "tariffs", document.Tariffs.Count, cancellationToken),
            await ChangeAsync("key", "api_keys", "keys", document.Keys.Count, cancellationToken),
        ];
        var overwrites = changes.Any(change => change.Overwritten > 0);
        if (overwrites && !options.Overwrite)
        {
            return new BackupRefusedException("overwrite", "is not said, and the document would overwrite what exists.", RejectionKind.Conflict)
                .ToReply(changes);
        }

        var now = Moment.Now(time);
        await db.RunAsync(RestoreSql.Write, cancellationToken); // 3
        await db.Database.ExecuteSqlRawAsync(RestoreSql.RevokeTheEmpty, [now], cancellationToken);
        if (overwrites && await db.CountAsync(RestoreSql.Administrators, cancellationToken) == 0)
        {
            return new BackupRefusedException("keys", "would leave no active key of an administrator.", RejectionKind.Conflict).ToReply(changes);
        }

        if (!options.DryRun && changes.Any(change => change.Added + change.Overwritten > 0))
        {
            var details = changes.ToDictionary(change => change.Kind, change => new { change.Added, change.Unchanged, change.Overwritten });
            AuditLog.Add(db, by, now, "backup.restored", ("backup", ""), details);
            await db.SaveChangesAsync(cancellationToken);
            await ChangeLog.AppendAsync(db, [(ChangedThing.Everything, "")], cancellationToken); // 4
            await transaction.CommitAsync(cancellationToken);
        }

        return new RestoreReply { Changes = { changes } };
    }

    private async Task<RestoreChange> ChangeAsync(string kind, string table, string overwritten, long count, CancellationToken cancellationToken)
    {
        var same = await db.CountAsync(
            $"restored_{table} r JOIN keys.{table} e USING (id) WHERE id NOT IN (SELECT id FROM overwritten_{overwritten})", cancellationToken);
        return new RestoreChange
        {
            Kind = kind,
            Added = count - await db.CountAsync($"restored_{table} r JOIN keys.{table} e USING (id)", cancellationToken),
            Unchanged = same,
            Overwritten = await db.CountAsync($"overwritten_{overwritten}", cancellationToken),
            OverwrittenIds = { await db.FirstIdsAsync($"overwritten_{overwritten}", MostIds, cancellationToken) },
        };
    }

    /// <summary>Key to account, and both to tariff: in the document or in the database.</summary>
    private async Task CheckReferencesAsync(BackupDocument document, CancellationToken cancellationToken)
    {
        var tariffs = document.Tariffs.Select(row => row.Id).ToHashSet();
        var wanted = document.Accounts.Select((row, index) => (Path: $"accounts[{index}].tariff", Id: row.Tariff))
            .Concat(document.Keys.Select((row, index) => (Path: $"keys[{index}].tariff", Id: row.Tariff)))
            .Where(reference => reference.Id is not null && !tariffs.Contains(reference.Id)).ToList();
        Refuse(wanted, await KnownAsync(db.Tariffs.Select(tariff => tariff.Id), wanted, cancellationToken), "a tariff");

        var accounts = document.Accounts.Select(row => row.Id).ToHashSet();
        wanted = [.. document.Keys.Select((row, index) => (Path: $"keys[{index}].account", Id: (string?)row.Account))
            .Where(reference => !accounts.Contains(reference.Id!))];
        Refuse(wanted, await KnownAsync(db.Accounts.Select(account => account.Id), wanted, cancellationToken), "an account");
    }

    private static async Task<HashSet<string>> KnownAsync(
        IQueryable<string> ids, List<(string Path, string? Id)> wanted, CancellationToken cancellationToken)
    {
        var distinct = wanted.Select(reference => reference.Id!).Distinct().ToArray();
        return distinct.Length == 0 ? [] : [.. await ids.Where(id => distinct.Contains(id)).ToListAsync(cancellationToken)];
    }

    private static void Refuse(List<(string Path, string? Id)> wanted, HashSet<string> known, string what)
    {
        if (wanted.Find(reference => !known.Contains(reference.Id!)).Path is { } path)
        {
            throw new BackupRefusedException(path, $"names {what} that neither the document nor the database has.", RejectionKind.NotFound);
        }
    }
}
