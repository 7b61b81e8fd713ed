using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Tariffs;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Backup;

/// <summary>Everything in the database in the document's order: of accounts and tariffs all ids at once, of everything else a page at a time.</summary>
internal static class BackupPages
{
    private const int PageSize = 1_000;

    public static IAsyncEnumerable<AccountRow> AccountsAsync(KeysDbContext db) => ByIdAsync(
        db.Accounts.Select(account => account.Id),
        ids => db.Accounts.AsNoTracking().Where(account => ids.Contains(account.Id)),
        account => account.Id,
        account => new AccountRow(account.Id, account.Description, account.Labels, account.CreatedAt)
        {
            Tariff = account.TariffId,
            RevokedAt = account.RevokedAt,
        });

    public static IAsyncEnumerable<TariffRow> TariffsAsync(KeysDbContext db) => ByIdAsync(
        db.Tariffs.Select(tariff => tariff.Id),
        ids => db.Tariffs.AsNoTracking().Include(tariff => tariff.Versions).AsSplitQuery().Where(tariff => ids.Contains(tariff.Id)),
        tariff => tariff.Id,
        tariff => new TariffRow(tariff.Id, tariff.Description, tariff.CreatedAt, [.. tariff.Versions
            .OrderBy(version => version.EffectiveFrom)
            .Select(version => new TariffVersionRow(version.EffectiveFrom, version.Limits, version.CreatedAt))]));

    public static async IAsyncEnumerable<KeyRow> KeysAsync(KeysDbContext db)
    {
        Guid? last = null;
        for (var count = PageSize; count == PageSize;)
        {
            var page = await db.ApiKeys.AsNoTracking().Include(key => key.Secrets).AsSplitQuery()
                .Where(key => last == null || key.Id > last).OrderBy(key => key.Id).Take(PageSize).ToListAsync();
            foreach (var key in page)
            {
                yield return Row(key);
            }

            (count, last) = (page.Count, page.Count == 0 ? last : page[^1].Id);
        }
    }

    private static KeyRow Row(ApiKey key) => new(
        key.Id,
        key.AccountId,
        key.Name,
        key.Description,
        key.Role.ToString().ToLowerInvariant(),
        key.Source.ToString().ToLowerInvariant(),
        key.Limits,
        [.. key.AllowedModels],
        key.Labels,
        key.CreatedAt,
        [.. key.Secrets
            .Select(secret => new SecretRow(Convert.ToHexStringLower(secret.Hash), secret.Masked, secret.CreatedAt) { ExpiresAt = secret.ExpiresAt })
            .OrderBy(secret => secret.Hash, StringComparer.Ordinal)])
    {
        Tariff = key.TariffId,
        LastUsedAt = key.LastUsedAt,
        ExpiresAt = key.ExpiresAt,
        RevokedAt = key.RevokedAt,
    };

    // The order is that of bytes, whatever the database's own collation, and no index has it: so ids are sorted once, not for each page.
    private static async IAsyncEnumerable<TRow> ByIdAsync<TEntity, TRow>(
        IQueryable<string> ids, Func<string[], IQueryable<TEntity>> of, Func<TEntity, string> id, Func<TEntity, TRow> row)
    {
        var all = await ids.OrderBy(id => id).Take(BackupRules.MostRows + 1).ToArrayAsync();
        Array.Sort(all, StringComparer.Ordinal);
        foreach (var page in all.Chunk(PageSize))
        {
            foreach (var entity in (await of(page).ToListAsync()).OrderBy(id, StringComparer.Ordinal))
            {
                yield return row(entity);
            }
        }
    }
}
