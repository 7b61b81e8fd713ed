using System.Security.Claims;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Authentication;

namespace LlmGateway.Gateway.Authentication;

/// <summary>One verified secret in memory. Times are timestamps of the process's own clock.</summary>
internal sealed class KnownKey
{
    /// <summary>A time that never comes.</summary>
    public const long Never = long.MaxValue;

    // Until when being fresh is enough. long.MinValue once it is distrusted.
    private long _checkAt;

    /// <param name="key">As Keys.Service answered.</param>
    /// <param name="byToken">The secret is a token.</param>
    /// <param name="askedAt">Before the question was sent, so that whatever the answer's way took is on the safe side.</param>
    /// <param name="expiresAt">From here on it is refused.</param>
    /// <param name="changesAt">From here on it is verified anew.</param>
    public KnownKey(VerifiedKey key, bool byToken, long askedAt, long expiresAt = Never, long changesAt = Never)
    {
        Caller = Caller.From(key, byToken);
        var principal = new ClaimsPrincipal(new CallerIdentity(Caller));
        Ticket = Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(principal, KeyAuthenticationHandler.Scheme)));
        VouchedAt = askedAt;
        ExpiresAt = expiresAt;
        _checkAt = Math.Min(expiresAt, changesAt);
        Use = new(key.KeyId);
    }

    public Caller Caller { get; }

    /// <summary>The authentication's result, made once.</summary>
    public Task<AuthenticateResult> Ticket { get; }

    public LastUse Use { get; }

    public long VouchedAt { get; }

    public long ExpiresAt { get; }

    public long CheckAt => Volatile.Read(ref _checkAt);

    /// <summary>Something about it has changed: it lets nobody in any more until Keys.Service has answered again.</summary>
    public bool IsDistrusted => CheckAt == long.MinValue;

    public void Distrust() => Volatile.Write(ref _checkAt, long.MinValue);
}
