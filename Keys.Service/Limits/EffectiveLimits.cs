using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Tariffs;

namespace LlmGateway.Keys.Limits;

/// <summary>What holds for a key at a moment, and whose word that is.</summary>
/// <param name="Limits">Each the key's own, else its tariff's, else the configured default.</param>
/// <param name="TariffId">The tariff that it depends on, whether or not that has begun; null for none.</param>
/// <param name="Name">Of the tariff as the key's owner sees it; empty for none.</param>
/// <param name="Description">Likewise.</param>
/// <param name="ChangesAt">When the tariff's next version begins; null when none is planned.</param>
internal sealed record EffectiveLimits(KeyLimits Limits, string? TariffId, string Name, string Description, DateTimeOffset? ChangesAt)
{
    /// <param name="key">Whose limits.</param>
    /// <param name="keyTariff">The key's own, with its versions. While it has no version in effect the defaults hold, not the account's.</param>
    /// <param name="accountTariff">The account's, with its versions: for keys without one of their own.</param>
    /// <param name="defaults">Configured.</param>
    /// <param name="now">The moment.</param>
    public static EffectiveLimits Of(ApiKey key, Tariff? keyTariff, Tariff? accountTariff, KeyLimits defaults, DateTimeOffset now) =>
        Of((key.Limits, key.Name, key.Description), TariffInEffect.At(keyTariff ?? accountTariff, now), defaults);

    /// <param name="key">Limits of its own, name and description.</param>
    /// <param name="tariff">The key's own, else its account's.</param>
    /// <param name="defaults">Configured.</param>
    public static EffectiveLimits Of((KeyLimits Limits, string Name, string Description) key, TariffInEffect? tariff, KeyLimits defaults)
    {
        // Such a key is a tariff of its own: its name is what the command that made it called the tariff.
        var (name, description) = key.Limits.TotalTokens is not null
            ? (key.Name, key.Description)
            : (tariff?.Id ?? "", tariff?.Description ?? "");
        return new(key.Limits.Or(tariff?.Limits ?? KeyLimits.None).Or(defaults), tariff?.Id, name, description, tariff?.ChangesAt);
    }
}

/// <summary>A tariff at a moment.</summary>
/// <param name="Limits">Of the version in effect; none when the first has not begun.</param>
/// <param name="ChangesAt">When the next version takes effect.</param>
internal sealed record TariffInEffect(string Id, string Description, KeyLimits Limits, DateTimeOffset? ChangesAt)
{
    public static TariffInEffect? At(Tariff? tariff, DateTimeOffset now) => tariff is null
        ? null
        : new(tariff.Id, tariff.Description, tariff.At(now)?.Limits ?? KeyLimits.None, tariff.NextAfter(now)?.EffectiveFrom);
}
