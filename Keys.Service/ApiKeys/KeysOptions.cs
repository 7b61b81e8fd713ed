using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>Section <c>Keys</c>: the keys that configuration names. Their secrets are hashed into the database at each start.</summary>
internal sealed class KeysOptions
{
    /// <summary>Secrets of account <c>default</c>: a comma list or a JSON array (ALLOWED_API_KEYS). One that is no longer listed is revoked.</summary>
    public string Allowed { get; set; } = "";

    /// <summary>The administrator's secret (ADMIN_API_KEY). Without it, one is generated at the first start and printed once.</summary>
    public string? Administrator { get; set; }

    public IReadOnlyList<string> AllowedSecrets => StringList.Parse(Allowed) ?? [];

    public string? AdministratorSecret => string.IsNullOrWhiteSpace(Administrator) ? null : Administrator.Trim();
}

internal sealed class KeysOptionsValidator : IValidateOptions<KeysOptions>
{
    public ValidateOptionsResult Validate(string? name, KeysOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        if (StringList.Parse(options.Allowed) is not { } allowed)
        {
            errors.AddError("Keys:Allowed: neither a comma list nor a JSON array of strings.");
        }
        else if (allowed.Any(secret => KeySecret.Parse(secret) is null))
        {
            errors.AddError($"Keys:Allowed: each key must be 1 to {KeySecret.MaxLength} printable ASCII characters.");
        }
        else if (options.AdministratorSecret is { } administrator && allowed.Contains(administrator))
        {
            errors.AddError("Keys:Administrator: the administrator's key is in Keys:Allowed too; one key has one role.");
        }

        if (options.AdministratorSecret is { } secret && KeySecret.Parse(secret) is null)
        {
            errors.AddError($"Keys:Administrator: must be 1 to {KeySecret.MaxLength} printable ASCII characters.");
        }

        return errors.Build();
    }
}
