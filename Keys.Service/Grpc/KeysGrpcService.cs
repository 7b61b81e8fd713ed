using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Keys.Changes;
using LlmGateway.Keys.Limits;
using LlmGateway.Keys.Tokens;
using LlmGateway.Keys.Verification;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Keys.Grpc;

/// <summary>What gateways ask on the way of a request. Each method translates, calls and translates.</summary>
internal sealed class KeysGrpcService(
    KeyVerifier verifier,
    ChangeStream changes,
    IssuedTokens tokens,
    NpgsqlDataSource database,
    IOptions<QuotasOptions> quotas,
    IHostApplicationLifetime lifetime,
    TimeProvider time) : KeysApi.KeysApiBase
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

    public override async Task WatchRevocations(
        WatchRevocationsRequest request, IServerStreamWriter<RevocationsReply> responseStream, ServerCallContext context)
    {
        long? after = request.HasAfterPosition ? request.AfterPosition : null;
        if (after < 0)
        {
            throw Fields.Invalid("after_position", "must not be negative");
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await changes.RunAsync(after, reply => responseStream.WriteAsync(reply, end.Token), end.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A good end: the caller goes on with another replica.
        }
    }

    public override async Task<RecordUseReply> RecordUse(RecordUseRequest request, ServerCallContext context)
    {
        var (keyIds, usedAt) = request.ToUses(time.GetUtcNow());
        await UseStatement.ExecuteAsync(database, keyIds, usedAt, context.CancellationToken);
        return new RecordUseReply();
    }

    public override async Task<IssueTokenReply> IssueToken(IssueTokenRequest request, ServerCallContext context)
    {
        var (token, expiresIn, refusal) = await tokens.IssueAsync(Fields.KeyId(request.KeyId, "key_id"), context.CancellationToken);
        return refusal == RefusalReason.Unspecified
            ? new IssueTokenReply { Token = new IssuedToken { Token = token, ExpiresIn = Duration.FromTimeSpan(expiresIn) } }
            : new IssueTokenReply { Refusal = new Refusal { Reason = refusal } };
    }
}
