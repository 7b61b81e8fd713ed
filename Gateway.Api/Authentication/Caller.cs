using System.Security.Claims;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Authentication;

/// <summary>Who calls, as Keys.Service knows it. One object per key, shared by all its requests.</summary>
internal sealed record Caller(string AccountId, string KeyId, string MaskedKey, Role Role)
{
    public static Caller From(VerifiedKey key) => new(key.AccountId, key.KeyId, key.MaskedKey, key.Role);

    /// <summary>The caller of a request that was let in. Routes that let anyone in have none.</summary>
    public static Caller Of(HttpContext context) => ((CallerIdentity)context.User.Identity!).Caller;
}

internal sealed class CallerIdentity(Caller caller) : ClaimsIdentity(KeyAuthenticationHandler.Scheme)
{
    public Caller Caller { get; } = caller;
}
