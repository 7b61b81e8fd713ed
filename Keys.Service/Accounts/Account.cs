namespace LlmGateway.Keys.Accounts;

/// <summary>Who pays. The same thing as a user.</summary>
internal sealed class Account
{
    /// <summary>Holds the keys of ALLOWED_API_KEYS.</summary>
    public const string Default = "default";

    /// <summary>The administrator's key acts as this one.</summary>
    public const string Administrator = "admin";

    /// <summary><c>[A-Za-z0-9_.@:-]{1,128}</c></summary>
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
