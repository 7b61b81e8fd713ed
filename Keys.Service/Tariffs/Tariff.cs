using LlmGateway.Keys.Limits;

namespace LlmGateway.Keys.Tariffs;

/// <summary>Limits that many keys share, by a name, with versions that take effect at their dates.</summary>
internal sealed class Tariff
{
    /// <summary><c>[A-Za-z0-9_.-]{1,64}</c></summary>
    public required string Id { get; init; }

    public string Description { get; set; } = "";

    public required DateTimeOffset CreatedAt { get; init; }

    public List<TariffVersion> Versions { get; init; } = [];

    /// <summary>The version in effect; null before the first.</summary>
    public TariffVersion? At(DateTimeOffset now) => Versions.Where(version => version.EffectiveFrom <= now).MaxBy(version => version.EffectiveFrom);

    public TariffVersion? NextAfter(DateTimeOffset now) =>
        Versions.Where(version => version.EffectiveFrom > now).MinBy(version => version.EffectiveFrom);
}

/// <summary>Holds from its date until the next version's. One that has taken effect is never changed.</summary>
internal sealed class TariffVersion
{
    public string TariffId { get; set; } = "";

    public required DateTimeOffset EffectiveFrom { get; init; }

    public required KeyLimits Limits { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
