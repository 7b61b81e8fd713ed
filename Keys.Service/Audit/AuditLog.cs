using System.Text.Json;
using LlmGateway.Keys.Data;

namespace LlmGateway.Keys.Audit;

/// <summary>Leaves word of a change, in the transaction of the change.</summary>
internal static class AuditLog
{
    private static readonly JsonSerializerOptions Wire = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <param name="db">Saved by the caller.</param>
    /// <param name="actor">Who.</param>
    /// <param name="at">When.</param>
    /// <param name="action"><c>key.issued</c> and so on.</param>
    /// <param name="subject">The kind of thing (<c>key</c>) and its id.</param>
    /// <param name="details">What changed; neither a secret nor a hash. Written as JSON in snake_case.</param>
    public static void Add(KeysDbContext db, Actor actor, DateTimeOffset at, string action, (string Kind, string Id) subject, object details) =>
        db.AuditEntries.Add(new AuditEntry
        {
            At = at,
            ActorAccountId = actor.AccountId,
            ActorKeyId = actor.KeyId,
            ActorMaskedKey = actor.MaskedKey,
            RequestId = actor.RequestId,
            Action = action,
            SubjectKind = subject.Kind,
            SubjectId = subject.Id,
            Details = JsonSerializer.Serialize(details, Wire),
        });
}
