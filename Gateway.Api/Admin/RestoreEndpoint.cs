using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Admin;

/// <summary>POST /admin/restore: passes the document on as it comes. Keys changes nothing before it has seen the end of it.</summary>
internal sealed class RestoreEndpoint(KeysAdminApi.KeysAdminApiClient keys, IOptions<AdminOptions> options, TimeProvider time)
{
    private const int ChunkBytes = 64 * 1024;

    public async Task<AdminAnswer> RestoreAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var overwrite = false;
        var dryRun = false;
        if ((AdminQuery.Flag(query, "overwrite", out overwrite)
            ?? AdminQuery.Flag(query, "dry_run", out dryRun)
            ?? RequestBody.Admit(context, options.Value.MaxRestoreBytes)) is { } error)
        {
            return error;
        }

        var deadline = time.GetUtcNow().UtcDateTime.AddSeconds(options.Value.BackupSeconds);
        using var call = keys.Restore(deadline: deadline, cancellationToken: context.RequestAborted);
        var first = new RestoreChunk { Options = new() { Actor = AdminEndpoint.ActorOf(context), Overwrite = overwrite, DryRun = dryRun } };
        if (await SendAsync(call, first, context.Request.BodyReader, context.RequestAborted) is { } fault)
        {
            return fault;
        }

        return Answer(await call.ResponseAsync, dryRun);
    }

    private static AdminAnswer Answer(RestoreReply reply, bool dryRun)
    {
        IReadOnlyList<RestoreChangeBody> changes = [.. reply.Changes.Select(RestoreChangeBody.From)];
        if (reply.Rejection is not { } rejection)
        {
            return AdminAnswer.Of(new RestoreBody("restore", dryRun, changes), AdminJson.Wire.RestoreBody);
        }

        var error = AdminAnswer.Error(rejection);
        return rejection.Kind == RejectionKind.Conflict && changes.Count > 0
            ? error with { Code = "restore_would_overwrite", Metadata = new() { Changes = changes } }
            : error;
    }

    private async Task<ApiError?> SendAsync(
        AsyncClientStreamingCall<RestoreChunk, RestoreReply> call, RestoreChunk first, PipeReader body, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(first, cancellationToken);
            return await SendBodyAsync(call.RequestStream, body, cancellationToken);
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException && call.ResponseAsync.IsCompleted)
        {
            // Keys has seen enough and answered; what it said counts.
            return null;
        }
        catch (Exception exception) when (RequestBody.IsBadCompression(exception))
        {
            return ApiErrors.InvalidCompression;
        }
    }

    private async Task<ApiError?> SendBodyAsync(IClientStreamWriter<RestoreChunk> chunks, PipeReader body, CancellationToken cancellationToken)
    {
        long sent = 0;
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            sent += result.Buffer.Length;
            if (sent > options.Value.MaxRestoreBytes)
            {
                return ApiErrors.TooLarge(options.Value.MaxRestoreBytes);
            }

            for (var rest = result.Buffer; !rest.IsEmpty;)
            {
                var piece = rest.Slice(0, Math.Min(rest.Length, ChunkBytes));
                await chunks.WriteAsync(new() { Data = ByteString.CopyFrom(piece.ToArray()) }, cancellationToken);
                rest = rest.Slice(piece.End);
            }

            body.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await chunks.CompleteAsync();
                return null;
            }
        }
    }
}
