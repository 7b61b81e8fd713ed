using Grpc.Core;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed class KeysGrpcService(KeyDirectory keys) : KeysApi.KeysApiBase
{
    public override async Task<VerifyReply> Verify(VerifyRequest request, ServerCallContext context)
    {
        var secret = KeySecret.Parse(request.Secret) ?? throw new RpcException(
            new Status(StatusCode.InvalidArgument, $"secret: must be 1 to {KeySecret.MaxLength} printable ASCII characters."));
        return ToReply(await keys.FindAsync(secret, context.CancellationToken));
    }

    private static VerifyReply ToReply(ApiKey? key) => key switch
    {
        null => Refused(RefusalReason.UnknownKey),
        { RevokedAt: not null } => Refused(RefusalReason.Revoked),
        _ => new VerifyReply
        {
            Key = new VerifiedKey { KeyId = key.Id.ToString(), AccountId = key.AccountId, MaskedKey = key.Masked, Role = ToRole(key.Role) },
        },
    };

    private static VerifyReply Refused(RefusalReason reason) => new() { Refusal = new Refusal { Reason = reason } };

    private static Role ToRole(KeyRole role) => role switch
    {
        KeyRole.Account => Role.Account,
        KeyRole.Operator => Role.Operator,
        KeyRole.Administrator => Role.Administrator,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role that has a wire form."),
    };
}
