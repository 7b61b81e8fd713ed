using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Verification;

/// <summary>What a presented secret is worth: a key, or a reason why not.</summary>
internal sealed record KeyVerdict
{
    public KnownKey? Key { get; private init; }

    /// <summary>Unspecified with a key.</summary>
    public RefusalReason Refusal { get; private init; }

    /// <summary>Nothing but asking again helps after this.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    public static KeyVerdict Refused(RefusalReason reason) => new() { Refusal = reason };

    /// <param name="key">Found.</param>
    /// <param name="secretExpiresAt">Of a token; null for none of its own.</param>
    /// <param name="now">When it was looked for.</param>
    public static KeyVerdict Of(KnownKey key, DateTimeOffset? secretExpiresAt, DateTimeOffset now) => key switch
    {
        { IsRevoked: true } => Refused(RefusalReason.Revoked),
        _ when key.IsExpired(now) => Refused(RefusalReason.Expired),
        _ => new KeyVerdict { Key = key, ExpiresAt = Earlier(key.ExpiresAt, secretExpiresAt) },
    };

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right ?? left : left;
}

/// <param name="Verdicts">One for each secret, in their order.</param>
/// <param name="At">The moment that they are true of.</param>
/// <param name="Position">Of the newest change that they include.</param>
internal sealed record KeyVerdicts(KeyVerdict[] Verdicts, DateTimeOffset At, long Position);
