namespace LlmGateway.Keys.Audit;

/// <summary>Who changed what, when. Rows are only ever added.</summary>
internal sealed class AuditEntry
{
    public long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string ActorAccountId { get; init; }

    public Guid? ActorKeyId { get; init; }

    public required string ActorMaskedKey { get; init; }

    /// <summary>Of the HTTP request; empty for a start.</summary>
    public required string RequestId { get; init; }

    /// <summary><c>key.issued</c>, <c>account.revoked</c> and so on.</summary>
    public required string Action { get; init; }

    /// <summary><c>key</c>, <c>account</c>, <c>tariff</c>, <c>signing_key</c>, <c>backup</c>.</summary>
    public required string SubjectKind { get; init; }

    public required string SubjectId { get; init; }

    /// <summary>A JSON object of what changed; no secret, no hash.</summary>
    public required string Details { get; init; }
}
