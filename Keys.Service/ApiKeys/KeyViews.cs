using LlmGateway.Keys.Data;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Tariff = LlmGateway.Keys.Tariffs.Tariff;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Keys as administrators see them, with what holds for each.</summary>
internal sealed class KeyViews(KeysDbContext db, IOptions<QuotasOptions> quotas)
{
    public async Task<Key> OfAsync(ApiKey key, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await OfAsync([key], now, cancellationToken))[0];

    /// <param name="keys">With their secrets.</param>
    /// <param name="now">The moment that expiry and tariffs are looked at.</param>
    /// <param name="cancellationToken">Of the call.</param>
    public async Task<List<Key>> OfAsync(IReadOnlyCollection<ApiKey> keys, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var accountIds = keys.Where(key => key.TariffId is null).Select(key => key.AccountId).Distinct().ToList();
        var tariffOfAccount = await db.Accounts.AsNoTracking()
            .Where(account => accountIds.Contains(account.Id) && account.TariffId != null)
            .ToDictionaryAsync(account => account.Id, account => account.TariffId!, cancellationToken);
        var tariffIds = keys.Select(key => key.TariffId).OfType<string>().Concat(tariffOfAccount.Values).Distinct().ToList();
        var tariffs = tariffIds.Count == 0
            ? []
            : await db.Tariffs.AsNoTracking().Include(tariff => tariff.Versions)
                .Where(tariff => tariffIds.Contains(tariff.Id)).ToDictionaryAsync(tariff => tariff.Id, cancellationToken);

        Tariff? Find(string? id) => id is null ? null : tariffs.GetValueOrDefault(id);
        return [.. keys.Select(key => View(key, now, EffectiveLimits.Of(
            key, Find(key.TariffId), Find(tariffOfAccount.GetValueOrDefault(key.AccountId)), quotas.Value.ToLimits(), now)))];
    }

    private static Key View(ApiKey key, DateTimeOffset now, EffectiveLimits effective) => new()
    {
        Id = key.Id.ToString(),
        AccountId = key.AccountId,
        MaskedKey = key.CurrentSecret?.Masked ?? "",
        Name = key.Name,
        Description = key.Description,
        Role = key.Role.ToProto(),
        State = key.RevokedAt is not null ? KeyState.Revoked : key.ExpiresAt <= now ? KeyState.Expired : KeyState.Active,
        Tariff = key.TariffId ?? "",
        Limits = key.Limits.ToProto(),
        EffectiveLimits = effective.Limits.ToProto(),
        AllowedModels = { key.AllowedModels },
        Labels = { key.Labels },
        CreatedAt = Moment.ToProto(key.CreatedAt),
        LastUsedAt = Moment.ToProto(key.LastUsedAt),
        ExpiresAt = Moment.ToProto(key.ExpiresAt),
        RevokedAt = Moment.ToProto(key.RevokedAt),
        OldSecretExpiresAt = Moment.ToProto(key.Secrets.Where(secret => secret.ExpiresAt > now).Max(secret => secret.ExpiresAt)),
        Source = key.Source.ToString().ToLowerInvariant(),
    };
}
