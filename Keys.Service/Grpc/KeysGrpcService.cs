using Grpc.Core;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Verification;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Keys.Grpc;

/// <summary>What gateways ask on the way of a request. Each method translates, calls and translates.</summary>
internal sealed class KeysGrpcService(
    KeyVerifier verifier, NpgsqlDataSource database, IOptions<QuotasOptions> quotas, TimeProvider time) : KeysApi.KeysApiBase
{
    private readonly KeyLimits _defaults = quotas.Value.ToLimits();

    public override async Task<VerifyReply> Verify(VerifyRequest request, ServerCallContext context)
    {
        if (request.Secrets.Count is 0 or > KeyVerifier.MaxSecrets)
        {
            throw Fields.Invalid("secrets", $"must be 1 to {KeyVerifier.MaxSecrets}");
        }

        var found = await verifier.VerifyAsync(request.Secrets, context.CancellationToken);
        var verifications = found.Verdicts.Select(verdict => verdict.ToProto(found.At, _defaults));
        return new VerifyReply { Position = found.Position, Verifications = { verifications } };
    }

    public override async Task<RecordUseReply> RecordUse(RecordUseRequest request, ServerCallContext context)
    {
        var (keyIds, usedAt) = request.ToUses(time.GetUtcNow());
        await UseStatement.ExecuteAsync(database, keyIds, usedAt, context.CancellationToken);
        return new RecordUseReply();
    }
}
