using LlmGateway.Keys.Data;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Backup;

/// <summary>Key to account, and both to tariff: in the document or in the database.</summary>
internal static class RestoreReferences
{
    /// <exception cref="BackupRefusedException">Names the first that leads nowhere.</exception>
    public static async Task CheckAsync(KeysDbContext db, BackupDocument document, CancellationToken cancellationToken)
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
