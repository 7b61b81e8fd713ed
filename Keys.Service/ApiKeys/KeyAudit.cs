namespace LlmGateway.Keys.ApiKeys;

internal static class KeyAudit
{
    /// <summary>A new key as the audit shows it.</summary>
    public static object Of(ApiKey key) => new
    {
        Account = key.AccountId,
        key.Name,
        key.Description,
        Role = key.Role.ToString().ToLowerInvariant(),
        MaskedKey = key.CurrentSecret?.Masked,
        Tariff = key.TariffId,
        key.Limits,
        key.AllowedModels,
        key.Labels,
        key.ExpiresAt,
    };
}
