using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Management;

/// <summary>What was asked for, or why it was refused.</summary>
internal readonly record struct Outcome<T>(T? Value, Rejection? Rejection)
    where T : class
{
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Rejection rejection) => new(null, rejection);
}

/// <summary>Refusals. None repeats what was sent: it may be a secret.</summary>
internal static class Refused
{
    /// <param name="field">A path in snake_case.</param>
    /// <param name="must">The sentence's rest, after the field's name.</param>
    public static Rejection Invalid(string field, string must) => Of(RejectionKind.Invalid, field, must);

    public static Rejection NotFound(string field, string why) => Of(RejectionKind.NotFound, field, why);

    public static Rejection Conflict(string field, string why) => Of(RejectionKind.Conflict, field, why);

    private static Rejection Of(RejectionKind kind, string field, string rest) => new() { Kind = kind, Field = field, Message = $"{field}: {rest}" };
}
