namespace LlmGateway.Keys.ApiKeys;

internal enum KeyRole
{
    Account,
    Operator,
    Administrator,
}

/// <summary>Where a key comes from, which is who may take it back.</summary>
internal enum KeySource
{
    /// <summary>Named by configuration, and revoked when it no longer is.</summary>
    Configured,

    /// <summary>Made by this service for its first administrator.</summary>
    Generated,
}

internal sealed class ApiKey
{
    public required Guid Id { get; init; }

    public required string AccountId { get; set; }

    /// <summary>SHA-256 of the secret. A secret of 256 random bits needs no salt and no slow hash.</summary>
    public required byte[] SecretHash { get; init; }

    public required string Masked { get; init; }

    public required string Name { get; set; }

    public required KeyRole Role { get; set; }

    public required KeySource Source { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }
}
