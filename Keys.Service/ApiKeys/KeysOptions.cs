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

    /// <summary>
    /// The secret that the operator's own services present as x-internal-auth (INTERNAL_API_KEY), of account <c>internal</c>. None by default.
    /// </summary>
    public string? Internal { get; set; }

    public IReadOnlyList<string> AllowedSecrets => StringList.Parse(Allowed) ?? [];

    public string? AdministratorSecret => string.IsNullOrWhiteSpace(Administrator) ? null : Administrator.Trim();

    public string? InternalSecret => string.IsNullOrWhiteSpace(Internal) ? null : Internal.Trim();
}

internal sealed class KeysOptionsValidator(IHostEnvironment environment) : IValidateOptions<KeysOptions>
{
    /// <summary>Stands in many an example, so everybody knows it.</summary>
    public const string Placeholder = "change-me-internal-key";

    public ValidateOptionsResult Validate(string? name, KeysOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        var allowed = StringList.Parse(options.Allowed);
        if (allowed is null)
        {
            errors.AddError("Keys:Allowed: neither a comma list nor a JSON array of strings.");
        }
        else if (allowed.Any(secret => KeySecret.Parse(secret) is null))
        {
            errors.AddError($"Keys:Allowed: each key must be 1 to {KeySecret.MaxLength} printable ASCII characters.");
        }

        CheckOne(errors, "Keys:Administrator", options.AdministratorSecret, allowed);
        CheckOne(errors, "Keys:Internal", options.InternalSecret, allowed);
        if (options.InternalSecret is { } secret && secret == options.AdministratorSecret)
        {
            errors.AddError("Keys:Internal: is the administrator's key too; one key has one role.");
        }

        if (options.InternalSecret == Placeholder && !environment.IsDevelopment())
        {
            errors.AddError("Keys:Internal: is the placeholder that everybody knows; set a secret of your own, or none.");
        }

        return errors.Build();
    }

    private static void CheckOne(ValidateOptionsResultBuilder errors, string path, string? secret, IReadOnlyList<string>? allowed)
    {
        if (secret is not null && KeySecret.Parse(secret) is null)
        {
            errors.AddError($"{path}: must be 1 to {KeySecret.MaxLength} printable ASCII characters.");
        }
        else if (secret is not null && allowed?.Contains(secret) == true)
        {
            errors.AddError($"{path}: is in Keys:Allowed too; one key has one role.");
        }
    }
}
