using LlmGateway.Keys.ApiKeys;
using LlmGateway.Keys.Limits;

namespace LlmGateway.Keys.Verification;

/// <summary>A key as a caller presented it, with all that an answer says of it.</summary>
internal sealed record KnownKey
{
    public required Guid Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>Of the secret presented; of a token, that of the key's current secret, and empty for a key that has none.</summary>
    public required string Masked { get; init; }

    public required string Name { get; init; }

    public required string Description { get; init; }

    public required KeyRole Role { get; init; }

    public required string[] AllowedModels { get; init; }

    /// <summary>Its own.</summary>
    public required KeyLimits Limits { get; init; }

    /// <summary>Its own, else its account's.</summary>
    public TariffInEffect? Tariff { get; init; }

    /// <summary>The earlier one of the key's and of the presented secret's.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Of the key or of its account.</summary>
    public required bool IsRevoked { get; init; }

    public bool IsExpired(DateTimeOffset now) => ExpiresAt <= now;
}
