using LlmGateway.Keys.Data;
using LlmGateway.Keys.Management;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Keys.Tariffs;

/// <summary>Tariffs as administrators see them, with the number of keys that depend on each.</summary>
internal sealed class TariffViews(KeysDbContext db)
{
    public async Task<Protos.Keys.V1.Tariff> OfAsync(Tariff tariff, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await OfAsync([tariff], now, cancellationToken))[0];

    public async Task<List<Protos.Keys.V1.Tariff>> OfAsync(IReadOnlyList<Tariff> tariffs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ids = tariffs.Select(tariff => tariff.Id).ToList();
        var own = await db.ApiKeys
            .Where(key => key.RevokedAt == null && key.TariffId != null && ids.Contains(key.TariffId))
            .GroupBy(key => key.TariffId!)
            .ToDictionaryAsync(group => group.Key, group => group.LongCount(), cancellationToken);
        var byAccount = await db.Accounts
            .Where(account => account.TariffId != null && ids.Contains(account.TariffId))
            .Join(
                db.ApiKeys.Where(key => key.RevokedAt == null && key.TariffId == null),
                account => account.Id,
                key => key.AccountId,
                (account, key) => account.TariffId!)
            .GroupBy(tariff => tariff)
            .ToDictionaryAsync(group => group.Key, group => group.LongCount(), cancellationToken);
        return [.. tariffs.Select(tariff => View(tariff, own.GetValueOrDefault(tariff.Id) + byAccount.GetValueOrDefault(tariff.Id), now))];
    }

    private static Protos.Keys.V1.Tariff View(Tariff tariff, long keys, DateTimeOffset now) => new()
    {
        Id = tariff.Id,
        Description = tariff.Description,
        CreatedAt = Moment.ToProto(tariff.CreatedAt),
        Versions = { tariff.Versions.OrderBy(version => version.EffectiveFrom).Select(View) },
        Limits = tariff.At(now)?.Limits.ToProto(),
        Keys = keys,
    };

    private static Protos.Keys.V1.TariffVersion View(TariffVersion version) => new()
    {
        EffectiveFrom = Moment.ToProto(version.EffectiveFrom),
        Limits = version.Limits.ToProto(),
        CreatedAt = Moment.ToProto(version.CreatedAt),
    };
}
