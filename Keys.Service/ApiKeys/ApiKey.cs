using LlmGateway.Keys.Limits;

namespace LlmGateway.Keys.ApiKeys;

internal enum KeyRole
{
    Account,

    /// <summary>Reads everything, changes nothing.</summary>
    Operator,

    Administrator,

    /// <summary>A service of the operator's own, which presents its key as x-internal-auth.</summary>
    Internal,
}

/// <summary>Where a key comes from, which is who may take it back.</summary>
internal enum KeySource
{
    /// <summary>Named by configuration, and revoked when it no longer is.</summary>
    Configured,

    /// <summary>Made by this service for its first administrator.</summary>
    Generated,

    /// <summary>Made by an administrator.</summary>
    Issued,

    /// <summary>Brought by an administrator, secret and all; or a configured one that an administrator revoked, which no start may bring back.</summary>
    Imported,

    /// <summary>Has no secret: it stands for the tokens that an outside issuer makes for its account, one key for each account.</summary>
    Token,
}

internal sealed class ApiKey
{
    public required Guid Id { get; init; }

    public required string AccountId { get; set; }

    public required string Name { get; set; }

    public string Description { get; set; } = "";

    public required KeyRole Role { get; set; }

    public required KeySource Source { get; set; }

    /// <summary>Its own; without one, its account's holds.</summary>
    public string? TariffId { get; set; }

    /// <summary>Its own. Each goes before the tariff's.</summary>
    public KeyLimits Limits { get; set; } = KeyLimits.None;

    /// <summary>Patterns of model names, <c>*</c> standing for any characters. Empty allows all.</summary>
    public string[] AllowedModels { get; set; } = [];

    public Dictionary<string, string> Labels { get; set; } = [];

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>At most some seconds late: it is written in batches.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>The current one and, after a rotation, the old ones until they expire. The current one has no expiry of its own.</summary>
    public List<ApiKeySecret> Secrets { get; init; } = [];

    /// <summary>The one that the key is shown by; null for a key that stands for tokens.</summary>
    public ApiKeySecret? CurrentSecret => Secrets.MaxBy(secret => (secret.ExpiresAt is null, secret.CreatedAt));
}

/// <summary>One of the secrets that a key is presented by, as a hash.</summary>
internal sealed class ApiKeySecret
{
    /// <summary>SHA-256 of the secret. 256 random bits need no salt and no slow hash.</summary>
    public required byte[] Hash { get; init; }

    public Guid KeyId { get; set; }

    /// <summary>The only form that may be shown.</summary>
    public required string Masked { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Of a secret that a rotation replaced: when its overlap ends.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}
