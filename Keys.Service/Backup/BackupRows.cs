using LlmGateway.Keys.Limits;

namespace LlmGateway.Keys.Backup;

/// <summary>
/// One JSON document with everything that an administrator manages, and no secret:
/// <code>
/// { "format": "llmgateway-keys", "version": 1, "created_at": "2026-11-21T10:00:00+00:00",
///   "accounts": […], "tariffs": […], "keys": […], "checksum": "sha256:{64 hexadecimal digits}" }
/// </code>
/// Accounts and tariffs are in the order of their ids' bytes, keys in that of their ids. What is null is left out.
/// </summary>
/// <param name="Checksum">See <see cref="BackupChecksum"/>.</param>
internal sealed record BackupDocument(
    string Format,
    int Version,
    DateTimeOffset CreatedAt,
    List<AccountRow> Accounts,
    List<TariffRow> Tariffs,
    List<KeyRow> Keys,
    string Checksum)
{
    public const string KnownFormat = "llmgateway-keys";
    public const int KnownVersion = 1;
}

internal sealed record AccountRow(string Id, string Description, Dictionary<string, string> Labels, DateTimeOffset CreatedAt)
{
    public string? Tariff { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

internal sealed record TariffRow(string Id, string Description, DateTimeOffset CreatedAt, List<TariffVersionRow> Versions);

/// <summary>Oldest first.</summary>
internal sealed record TariffVersionRow(DateTimeOffset EffectiveFrom, KeyLimits Limits, DateTimeOffset CreatedAt);

internal sealed record KeyRow(
    Guid Id,
    string Account,
    string Name,
    string Description,
    string Role,
    string Source,
    KeyLimits Limits,
    List<string> AllowedModels,
    Dictionary<string, string> Labels,
    DateTimeOffset CreatedAt,
    List<SecretRow> Secrets)
{
    public string? Tariff { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

/// <param name="Hash">64 hexadecimal digits in lower case. A key's are in the order of their hashes.</param>
internal sealed record SecretRow(string Hash, string Masked, DateTimeOffset CreatedAt)
{
    public DateTimeOffset? ExpiresAt { get; init; }
}
