using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Keys.Backup;
using LlmGateway.Keys.Management;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Keys.Grpc;

internal sealed partial class KeysAdminGrpcService
{
    public override Task Export(ExportRequest request, IServerStreamWriter<ExportChunk> responseStream, ServerCallContext context) =>
        backupExport.RunAsync(
            ActorOf(request.Actor),
            piece => responseStream.WriteAsync(new ExportChunk { Data = ByteString.CopyFrom(piece.Span) }, context.CancellationToken),
            context.CancellationToken);

    public override async Task<RestoreReply> Restore(IAsyncStreamReader<RestoreChunk> requestStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.PartCase != RestoreChunk.PartOneofCase.Options)
        {
            return new BackupRefusedException("options", "must be the first message.").ToReply();
        }

        var options = requestStream.Current.Options;
        if (new Management.Fields().Check(options.Actor).Problem is { } problem)
        {
            return new RestoreReply { Rejection = problem };
        }

        await using var document = new ChunkStream(requestStream, backupRestore.MaxBytes);
        return await backupRestore.RunAsync(options.Actor.ToActor(), options, document, context.CancellationToken);
    }

    // An export's reply has no place for a rejection.
    private static Audit.Actor ActorOf(Actor? actor) => new Management.Fields().Check(actor).Problem is { } problem
        ? throw new RpcException(new Status(StatusCode.InvalidArgument, problem.Message))
        : actor!.ToActor();
}
