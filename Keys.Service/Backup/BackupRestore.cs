using LlmGateway.Keys.Audit;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Actor = LlmGateway.Keys.Audit.Actor;

namespace LlmGateway.Keys.Backup;

/// <summary>Takes a document back, all or nothing.</summary>
/// <remarks>
/// 1. The document is read and checked to its end. Until then the database is not asked.
/// 2. In one transaction its rows are put into temporary tables. Then it is the only one that writes, until its end.
/// 3. They are compared with those that exist, and what would become another is counted.
/// 4. They are written, if that is allowed. A dry run does the same, so that it meets the same obstacles, and takes it back.
/// 5. Each row leaves its trace, and everything is said to have changed, so that it holds on all gateways at once.
/// A transaction whose commit got no answer is not run again if it was committed: the outcome is the first run's.
/// </remarks>
internal sealed class BackupRestore(KeysDbContext db, RestoreTurn turn, IOptions<BackupOptions> options, TimeProvider time)
{
    private const int MostIds = 100;

    /// <summary>Of a document.</summary>
    public long MaxBytes => options.Value.MaxBytes;

    /// <param name="by">Who asks.</param>
    /// <param name="allowed">What is allowed.</param>
    /// <param name="json">The document.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public async Task<RestoreReply> RunAsync(Actor by, RestoreOptions allowed, Stream json, CancellationToken cancellationToken)
    {
        using var taken = turn.TryTake();
        if (taken is null)
        {
            return new BackupRefusedException("", "another restore is running.", RejectionKind.Conflict).ToReply();
        }

        try
        {
            var document = await BackupReader.ReadAsync(json, cancellationToken); // 1
            return await RunAsync(by, allowed, document, cancellationToken);
        }
        catch (BackupRefusedException refusal)
        {
            return refusal.ToReply();
        }
    }

    private async Task<RestoreReply> RunAsync(Actor by, RestoreOptions allowed, BackupDocument document, CancellationToken cancellationToken)
    {
        (string Transaction, RestoreReply Reply)? before = null;
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(RunOnceAsync, cancellationToken);

        async Task<RestoreReply> RunOnceAsync(CancellationToken cancel)
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancel);
            await RestoreTables.FillAsync(db, document, cancel);
            await DatabaseLock.HoldForTransactionAsync(db, Mutations.Lock, cancel); // 2

            // The lock is free, so the transaction before has ended, one way or the other.
            if (before is { } known && await db.IsCommittedAsync(known.Transaction, cancel))
            {
                return known.Reply;
            }

            await db.RunAsync(RestoreSql.Lock, cancel);
            var now = Moment.Now(time);
            var reply = await ApplyAsync(allowed, document, now, cancel);
            if (reply.Rejection is null && !allowed.DryRun && reply.Changes.Any(change => change.Added + change.Overwritten > 0))
            {
                before = (await db.TransactionIdAsync(cancel), reply);
                await RestoreAudit.AddAsync(db, by, now, reply.Changes, cancel);
                await ChangeLog.AppendAsync(db, [(ChangedThing.Everything, "")], cancel); // 5
                await transaction.CommitAsync(cancel);
            }

            return reply;
        }
    }

    private async Task<RestoreReply> ApplyAsync(
        RestoreOptions allowed, BackupDocument document, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await RestoreReferences.CheckAsync(db, document, cancellationToken);
        await db.RunAsync(RestoreSql.NotConfiguredHere, cancellationToken);
        await db.RunAsync(RestoreSql.InternalNotConfiguredHere, cancellationToken, now);
        await db.RunAsync(RestoreSql.Compare, cancellationToken); // 3
        List<RestoreChange> changes =
        [
            await ChangeAsync("account", "accounts", document.Accounts.Count, cancellationToken),
            await ChangeAsync("tariff", "tariffs", document.Tariffs.Count, cancellationToken),
            await ChangeAsync("key", "api_keys", document.Keys.Count, cancellationToken),
        ];
        var overwrites = changes.Any(change => change.Overwritten > 0);
        if (overwrites && !allowed.Overwrite)
        {
            return new BackupRefusedException("overwrite", "is not said, and the document would overwrite what exists.", RejectionKind.Conflict)
                .ToReply(changes);
        }

        await db.RunAsync(RestoreSql.Write, cancellationToken); // 4
        await db.RunAsync(RestoreSql.RevokeTheEmpty, cancellationToken, now);
        return overwrites && await db.CountAsync(RestoreSql.Administrators, cancellationToken) == 0
            ? new BackupRefusedException("keys", "would leave no active key of an administrator.", RejectionKind.Conflict).ToReply(changes)
            : new RestoreReply { Changes = { changes } };
    }

    private async Task<RestoreChange> ChangeAsync(string kind, string table, long count, CancellationToken cancellationToken)
    {
        var written = await db.CountAsync($"written_{table}", cancellationToken);
        return new RestoreChange
        {
            Kind = kind,
            Added = await db.CountAsync($"added_{table}", cancellationToken),
            Unchanged = count - written,
            Overwritten = await db.CountAsync($"overwritten_{table}", cancellationToken),
            OverwrittenIds = { await db.FirstIdsAsync($"overwritten_{table}", MostIds, cancellationToken) },
        };
    }
}
