using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Backup;

/// <summary>Ends a restore from wherever the document turns out to be wrong; it becomes the reply.</summary>
internal sealed class BackupRefusedException(Rejection rejection) : Exception(rejection.Message)
{
    /// <param name="field">Empty where no single one is at fault.</param>
    /// <param name="why">The sentence's rest, after the field's name.</param>
    /// <param name="kind">Of the rejection.</param>
    public BackupRefusedException(string field, string why, RejectionKind kind = RejectionKind.Invalid)
        : this(new Rejection { Kind = kind, Field = field, Message = field.Length == 0 ? why : $"{field}: {why}" })
    {
    }

    public RestoreReply ToReply(IEnumerable<RestoreChange>? changes = null) => new() { Rejection = rejection, Changes = { changes ?? [] } };
}
