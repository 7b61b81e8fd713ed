using Grpc.Core;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed partial class KeysAdminGrpcService
{
    public override async Task<IssuedKeyReply> IssueKey(IssueKeyRequest request, ServerCallContext context) =>
        Reply(await keyIssuing.IssueAsync(request, context.CancellationToken));

    public override async Task<ImportKeysReply> ImportKeys(ImportKeysRequest request, ServerCallContext context)
    {
        var outcome = await keyImport.ImportAsync(request, context.CancellationToken);
        return outcome.Value ?? new ImportKeysReply { Rejection = outcome.Rejection };
    }

    public override async Task<IssuedKeyReply> RotateKey(RotateKeyRequest request, ServerCallContext context) =>
        Reply(await keyRotation.RotateAsync(request, context.CancellationToken));

    public override async Task<KeyReply> UpdateKey(UpdateKeyRequest request, ServerCallContext context) =>
        Reply(await keyChanges.UpdateAsync(request, context.CancellationToken));

    public override async Task<KeyReply> SetLimits(SetLimitsRequest request, ServerCallContext context) =>
        Reply(await keyChanges.SetLimitsAsync(request, context.CancellationToken));

    public override async Task<KeyReply> RevokeKey(RevokeKeyRequest request, ServerCallContext context) =>
        Reply(await keyChanges.RevokeAsync(request, context.CancellationToken));

    public override async Task<KeyReply> GetKey(GetKeyRequest request, ServerCallContext context) =>
        Reply(await keyList.GetAsync(request.Key, context.CancellationToken));

    public override Task<ListKeysReply> ListKeys(ListKeysRequest request, ServerCallContext context) =>
        keyList.ListAsync(request, context.CancellationToken);

    public override Task<GetStatsReply> GetStats(GetStatsRequest request, ServerCallContext context) =>
        keyStats.GetAsync(context.CancellationToken);

    private static KeyReply Reply(Outcome<Key> outcome) => outcome.Value is { } key
        ? new KeyReply { Key = key }
        : new KeyReply { Rejection = outcome.Rejection };

    private static IssuedKeyReply Reply(Outcome<IssuedKey> outcome) => outcome.Value is { } key
        ? new IssuedKeyReply { Key = key }
        : new IssuedKeyReply { Rejection = outcome.Rejection };
}
