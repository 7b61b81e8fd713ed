using LlmGateway.Keys.Data;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Counts over everything: a few passes over the tables, whatever they hold.</summary>
internal sealed class KeyStats(KeysDbContext db, IOptions<QuotasOptions> quotas, TimeProvider time)
{
    public async Task<GetStatsReply> GetAsync(CancellationToken cancellationToken)
    {
        var now = Moment.Now(time);
        var yesterday = now.AddDays(-1);
        var accounts = await db.Accounts.GroupBy(_ => 1)
            .Select(all => new { All = all.LongCount(), Revoked = all.LongCount(account => account.RevokedAt != null) })
            .SingleOrDefaultAsync(cancellationToken);
        var keys = await db.ApiKeys.GroupBy(_ => 1)
            .Select(all => new
            {
                Revoked = all.LongCount(key => key.RevokedAt != null),
                Expired = all.LongCount(key => key.RevokedAt == null && key.ExpiresAt <= now),
                Active = all.LongCount(key => key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now)),
                Used = all.LongCount(key => key.LastUsedAt >= yesterday),
            })
            .SingleOrDefaultAsync(cancellationToken);
        var (limited, sum) = await TotalsAsync(now, cancellationToken);
        return new GetStatsReply
        {
            Accounts = accounts?.All ?? 0,
            RevokedAccounts = accounts?.Revoked ?? 0,
            Tariffs = await db.Tariffs.LongCountAsync(cancellationToken),
            ActiveKeys = keys?.Active ?? 0,
            ExpiredKeys = keys?.Expired ?? 0,
            RevokedKeys = keys?.Revoked ?? 0,
            UsedKeys = keys?.Used ?? 0,
            LimitedKeys = limited,
            TotalTokensSum = (long)decimal.Min(sum, long.MaxValue),
            TotalTokensAverage = limited == 0 ? 0 : (long)(sum / limited),
        };
    }

    // Keys that say nothing themselves are counted by their tariff, so that a tariff's limit is what EffectiveLimits says of it.
    private async Task<(long Limited, decimal Sum)> TotalsAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var groups = await db.ApiKeys
            .Where(key => key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now))
            .Join(db.Accounts, key => key.AccountId, account => account.Id, (key, account) => new
            {
                Tariff = key.TariffId ?? account.TariffId,
                Own = key.Limits.TotalTokens,
            })
            .GroupBy(key => key.Tariff)
            .Select(group => new
            {
                Tariff = group.Key,
                Own = group.LongCount(key => key.Own != null),
                OwnSum = group.Sum(key => (decimal?)key.Own) ?? 0,
                Without = group.LongCount(key => key.Own == null),
            })
            .ToListAsync(cancellationToken);
        var tariffs = await db.Tariffs.AsNoTracking().Include(tariff => tariff.Versions).ToDictionaryAsync(tariff => tariff.Id, cancellationToken);

        var (limited, sum) = (groups.Sum(group => group.Own), groups.Sum(group => group.OwnSum));
        foreach (var group in groups)
        {
            var tariff = group.Tariff is null ? null : tariffs[group.Tariff];
            var effective = EffectiveLimits.Of((KeyLimits.None, "", ""), TariffInEffect.At(tariff, now), quotas.Value.ToLimits());
            if (effective.Limits.TotalTokens is { } limit)
            {
                limited += group.Without;
                sum += (decimal)limit * group.Without;
            }
        }

        return (limited, sum);
    }
}
