using LlmGateway.Keys.Accounts;

namespace LlmGateway.Keys.ApiKeys;

/// <summary>A key that configuration names.</summary>
internal sealed record ConfiguredKey(KeySecret Secret, string AccountId, KeyRole Role, string Name)
{
    public const string AllowedName = "ALLOWED_API_KEYS";
    public const string AdministratorName = "ADMIN_API_KEY";
    public const string InternalName = "INTERNAL_API_KEY";

    public byte[] Hash { get; } = Secret.Hash();

    /// <summary>One for each secret: a list may name one twice.</summary>
    public static IEnumerable<ConfiguredKey> Of(KeysOptions options)
    {
        var keys = options.AllowedSecrets.Distinct().Select((secret, index) =>
            new ConfiguredKey(KeySecret.Parse(secret)!, Account.Default, KeyRole.Account, $"{AllowedName} {index + 1}"));
        if (options.AdministratorSecret is { } administrator)
        {
            keys = keys.Append(new(KeySecret.Parse(administrator)!, Account.Administrator, KeyRole.Administrator, AdministratorName));
        }

        return options.InternalSecret is { } own and not KeysOptionsValidator.Placeholder
            ? keys.Append(new(KeySecret.Parse(own)!, Account.Internal, KeyRole.Internal, InternalName))
            : keys;
    }

    public ApiKey ToKey(KeySource source, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        AccountId = AccountId,
        Name = Name,
        Role = Role,
        Source = source,
        CreatedAt = now,
        Secrets = [Secret.ToRow(now)],
    };

    /// <summary>Revoked by an administrator, or not configuration's own when it was revoked: no start brings it back.</summary>
    public static bool StaysRevoked(ApiKey key) => key is { RevokedAt: not null, Source: not (KeySource.Configured or KeySource.Generated) };

    /// <summary>Makes a known key what configuration says of it. A name that an administrator gave it stays.</summary>
    public void ApplyTo(ApiKey key)
    {
        (key.AccountId, key.Role, key.Source, key.RevokedAt) = (AccountId, Role, KeySource.Configured, null);
        key.Name = key.Name is AdministratorName or InternalName || key.Name.StartsWith($"{AllowedName} ", StringComparison.Ordinal) ? Name : key.Name;
        key.Secrets.Single(secret => secret.Hash.AsSpan().SequenceEqual(Hash)).ExpiresAt = null;
    }
}
