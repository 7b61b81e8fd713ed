using Grpc.Core;
using LlmGateway.Keys.ApiKeys;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed class KeysGrpcService(KeyDirectory keys) : KeysApi.KeysApiBase
{
    public override async Task<VerifyReply> Verify(VerifyRequest request, ServerCallContext context)
    {
        var reply = new VerifyReply();
        foreach (var presented in request.Secrets)
        {
            var secret = KeySecret.Parse(presented.Secret) ?? throw new RpcException(
                new Status(StatusCode.InvalidArgument, $"secret: must be 1 to {KeySecret.MaxLength} printable ASCII characters."));
            reply.Verifications.Add(ToVerification(await keys.FindAsync(secret, context.CancellationToken)));
        }

        return reply;
    }

    private static Verification ToVerification(ApiKey? key) => key switch
    {
        null => Refused(RefusalReason.UnknownKey),
        { RevokedAt: not null } => Refused(RefusalReason.Revoked),
        _ => new Verification
        {
            Key = new VerifiedKey
            {
                KeyId = key.Id.ToString(),
                AccountId = key.AccountId,
                MaskedKey = key.Secrets[0].Masked,
                Role = ToRole(key.Role),
            },
        },
    };

    private static Verification Refused(RefusalReason reason) => new() { Refusal = new Refusal { Reason = reason } };

    private static Role ToRole(KeyRole role) => role switch
    {
        KeyRole.Account => Role.Account,
        KeyRole.Operator => Role.Operator,
        KeyRole.Administrator => Role.Administrator,
        KeyRole.Internal => Role.Internal,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role that has a wire form."),
    };
}
