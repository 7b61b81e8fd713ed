using LlmGateway.Keys.Audit;

namespace LlmGateway.Keys.Management;

/// <summary>Who asks, as the gateway says.</summary>
internal static class Actors
{
    // A masked key is the first eight characters and three dots.
    private const int LongestMasked = 11;
    private const int LongestRequestId = 128;

    public static Fields Check(this Fields fields, Protos.Keys.V1.Actor? actor) => actor is null
        ? fields.Must(holds: false, "actor", "is missing.")
        : fields.AccountId("actor.account_id", actor.AccountId)
            .Must(actor.KeyId.Length == 0 || Guid.TryParse(actor.KeyId, out _), "actor.key_id", "must be a UUID.")
            .Must(actor.MaskedKey.Length <= LongestMasked, "actor.masked_key", "must be a masked key.")
            .Must(
                actor.RequestId.Length <= LongestRequestId && actor.RequestId.All(character => character is > ' ' and <= '~'),
                "actor.request_id",
                "must be 128 printable ASCII characters at most.");

    /// <summary>Of one that was checked.</summary>
    public static Audit.Actor ToActor(this Protos.Keys.V1.Actor actor) =>
        new(actor.AccountId, actor.KeyId.Length == 0 ? null : Guid.Parse(actor.KeyId), actor.MaskedKey, actor.RequestId);

    public static Protos.Keys.V1.Actor ToProto(this AuditEntry entry) => new()
    {
        AccountId = entry.ActorAccountId,
        KeyId = entry.ActorKeyId?.ToString() ?? "",
        MaskedKey = entry.ActorMaskedKey,
        RequestId = entry.RequestId,
    };
}
