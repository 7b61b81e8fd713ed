namespace LlmGateway.Keys.Tokens;

/// <summary>A key that tokens are signed with, encrypted under the configured wrapping key.</summary>
internal sealed class SigningKey
{
    /// <summary>What a token's header names it by.</summary>
    public required string Kid { get; init; }

    /// <summary>Nonce, ciphertext and tag of AES-256-GCM, with the kid as associated data.</summary>
    public required byte[] Wrapped { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on it signs nothing; what it signed stays valid.</summary>
    public DateTimeOffset? RetiredAt { get; set; }
}
