using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.ApiKeys;

internal static class KeyRoles
{
    public static Role ToProto(this KeyRole role) => role switch
    {
        KeyRole.Account => Role.Account,
        KeyRole.Operator => Role.Operator,
        KeyRole.Administrator => Role.Administrator,
        KeyRole.Internal => Role.Internal,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role that has a wire form."),
    };

    /// <summary>Null for one that is not given to a key: a service's comes from configuration only.</summary>
    public static KeyRole? Issuable(Role role) => role switch
    {
        Role.Unspecified or Role.Account => KeyRole.Account,
        Role.Operator => KeyRole.Operator,
        Role.Administrator => KeyRole.Administrator,
        _ => null,
    };
}
