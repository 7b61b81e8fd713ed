namespace LlmGateway.Keys.Accounts;

/// <summary>Who pays. The same thing as a user.</summary>
internal sealed class Account
{
    /// <summary>Holds the keys of ALLOWED_API_KEYS.</summary>
    public const string Default = "default";

    /// <summary>The administrator's key acts as this one.</summary>
    public const string Administrator = "admin";

    /// <summary>Charged for the calls of the operator's own services (INTERNAL_API_KEY).</summary>
    public const string Internal = "internal";

    /// <summary><c>[A-Za-z0-9_.@:-]{1,128}</c></summary>
    public required string Id { get; init; }

    public string Description { get; set; } = "";

    /// <summary>The tariff of its keys that have none of their own.</summary>
    public string? TariffId { get; set; }

    public Dictionary<string, string> Labels { get; set; } = [];

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on none of its keys and tokens works.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}
