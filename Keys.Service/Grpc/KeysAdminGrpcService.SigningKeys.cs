using Grpc.Core;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed partial class KeysAdminGrpcService
{
    public override async Task<RotateSigningKeyReply> RotateSigningKey(RotateSigningKeyRequest request, ServerCallContext context) =>
        new Management.Fields().Check(request.Actor).Problem is { } problem
            ? new RotateSigningKeyReply { Rejection = problem }
            : new RotateSigningKeyReply { Kid = (await signingKeys.RotateAsync(request.Actor.ToActor(), context.CancellationToken)).Kid };
}
