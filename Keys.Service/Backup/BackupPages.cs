using LlmGateway.Keys.Accounts;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Data;
using LlmGateway.Keys.Tariffs;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Backup;

/// <summary>Everything in the database, a page in memory at a time, in the document's order.</summary>
internal static class BackupPages
{
    private const int PageSize = 1_000;

    // The order of bytes, whatever the database's own collation.
    private const string Bytes = "C";

    public static IAsyncEnumerable<AccountRow> AccountsAsync(KeysDbContext db) => PagesAsync(
        last => db.Accounts.AsNoTracking()
            .Where(account => last == null || string.Compare(EF.Functions.Collate(account.Id, Bytes), last) > 0)
            .OrderBy(account => EF.Functions.Collate(account.Id, Bytes)),
        (Account account) => account.Id,
        account => new AccountRow(account.Id, account.Description, account.Labels, account.CreatedAt)
        {
            Tariff = account.TariffId,
            RevokedAt = account.RevokedAt,
        });

    public static IAsyncEnumerable<TariffRow> TariffsAsync(KeysDbContext db) => PagesAsync(
        last => db.Tariffs.AsNoTracking().Include(tariff => tariff.Versions).AsSplitQuery()
            .Where(tariff => last == null || string.Compare(EF.Functions.Collate(tariff.Id, Bytes), last) > 0)
            .OrderBy(tariff => EF.Functions.Collate(tariff.Id, Bytes)),
        (Tariff tariff) => tariff.Id,
        tariff => new TariffRow(tariff.Id, tariff.Description, tariff.CreatedAt, [.. tariff.Versions
            .OrderBy(version => version.EffectiveFrom)
            .Select(version => new TariffVersionRow(version.EffectiveFrom, version.Limits, version.CreatedAt))]));

    public static IAsyncEnumerable<KeyRow> KeysAsync(KeysDbContext db) => PagesAsync(
        last => db.ApiKeys.AsNoTracking().Include(key => key.Secrets).AsSplitQuery()
            .Where(key => last == null || key.Id > last)
            .OrderBy(key => key.Id),
        (ApiKey key) => (Guid?)key.Id,
        Row);

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

    private static async IAsyncEnumerable<TRow> PagesAsync<TEntity, TId, TRow>(
        Func<TId?, IQueryable<TEntity>> after, Func<TEntity, TId> id, Func<TEntity, TRow> row)
    {
        TId? last = default;
        while (true)
        {
            var page = await after(last).Take(PageSize).ToListAsync();
            foreach (var entity in page)
            {
                yield return row(entity);
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            last = id(page[^1]);
        }
    }
}
