using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Caching;

/// <summary>
/// Under what an answer is kept: whose it is, then what was asked. There is no way to make one without a caller who was let in, so that no
/// account finds another's answers. All keys of an account share them, as far as they may ask for the model.
/// </summary>
internal sealed class TenantKey
{
    private TenantKey(string accountId, byte[] digest)
    {
        AccountId = accountId;
        StoreKey = $"llmgw:answer:{accountId}:{Convert.ToHexStringLower(digest)}";
    }

    public string AccountId { get; }

    /// <summary>In memory and in Redis. The account is in the digest too, and the digest's length never changes.</summary>
    public string StoreKey { get; }

    /// <param name="caller">Who asks.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="model">By its name, also where the request left it to us.</param>
    /// <returns>Null for a request that no answer is kept for.</returns>
    public static TenantKey? Of(Caller caller, CallRequest request, string model) =>
        RequestDigest.Of(caller.AccountId, request.Dialect, model, request.Stream, request.Betas, request.Body.Bytes) is { } digest
            ? new(caller.AccountId, digest)
            : null;
}
