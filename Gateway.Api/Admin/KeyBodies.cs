using System.Text.Json.Serialization;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <param name="Limits">Of its own.</param>
/// <param name="EffectiveLimits">What holds: its own, else its tariff's, else the configured default.</param>
/// <param name="OldSecretExpiresAt">Until when the secret before the last rotation works too.</param>
/// <param name="Secret">Once, in the answer that made it.</param>
internal sealed record KeyBody(
    string Object,
    string Id,
    string AccountId,
    string MaskedKey,
    string Name,
    string Description,
    string Role,
    string State,
    string? Tariff,
    LimitsBody Limits,
    LimitsBody EffectiveLimits,
    IReadOnlyList<string> AllowedModels,
    SortedDictionary<string, string> Labels,
    DateTime? CreatedAt,
    DateTime? LastUsedAt,
    DateTime? ExpiresAt,
    DateTime? RevokedAt,
    DateTime? OldSecretExpiresAt,
    string Source,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret)
{
    public static KeyBody From(Key key, string? secret = null) => new(
        "key",
        key.Id,
        key.AccountId,
        key.MaskedKey,
        key.Name,
        key.Description,
        KeyWords.Of(key.Role),
        KeyWords.Of(key.State),
        key.Tariff.Length > 0 ? key.Tariff : null,
        LimitsBody.From(key.Limits),
        LimitsBody.From(key.EffectiveLimits),
        [.. key.AllowedModels],
        new(key.Labels, StringComparer.Ordinal),
        TimeField.ToJson(key.CreatedAt),
        TimeField.ToJson(key.LastUsedAt),
        TimeField.ToJson(key.ExpiresAt),
        TimeField.ToJson(key.RevokedAt),
        TimeField.ToJson(key.OldSecretExpiresAt),
        key.Source,
        secret);
}

internal static class KeyWords
{
    public const string RolesMust = "account, operator or administrator";

    public static string Of(Role role) => role switch
    {
        Role.Account => "account",
        Role.Operator => "operator",
        Role.Administrator => "administrator",
        Role.Internal => "internal",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role that has a name."),
    };

    public static Role? RoleOf(string? word) => word switch
    {
        null => Role.Unspecified,
        "account" => Role.Account,
        "operator" => Role.Operator,
        "administrator" => Role.Administrator,
        _ => null,
    };

    public static string Of(KeyState state) => state switch
    {
        KeyState.Active => "active",
        KeyState.Expired => "expired",
        KeyState.Revoked => "revoked",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a state that has a name."),
    };
}
