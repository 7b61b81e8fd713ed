namespace LlmGateway.Keys.Audit;

/// <summary>Who asked for a change.</summary>
/// <param name="RequestId">Of the HTTP request; empty where there was none.</param>
internal sealed record Actor(string AccountId, Guid? KeyId, string MaskedKey, string RequestId)
{
    /// <summary>The settings that this service was started with.</summary>
    public static readonly Actor Configuration = new("configuration", KeyId: null, MaskedKey: "", RequestId: "");

    /// <summary>An outside issuer, whose token named an account that nobody had opened.</summary>
    public static readonly Actor Issuer = new("issuer", KeyId: null, MaskedKey: "", RequestId: "");
}
