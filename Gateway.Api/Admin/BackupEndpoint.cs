using Grpc.Core;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Admin;

/// <summary>GET /admin/backup: Keys' document, passed on piece by piece. It has hashes, no secrets.</summary>
internal sealed partial class BackupEndpoint(
    KeysAdminApi.KeysAdminApiClient keys, IOptions<AdminOptions> options, TimeProvider time, ILogger<BackupEndpoint> logger)
{
    public async Task<AdminAnswer> ExportAsync(HttpContext context)
    {
        var deadline = time.GetUtcNow().UtcDateTime.AddSeconds(options.Value.BackupSeconds);
        var call = keys.Export(new() { Actor = AdminEndpoint.ActorOf(context) }, deadline: deadline, cancellationToken: context.RequestAborted);
        context.Response.RegisterForDispose(call);

        // Before the status goes out: a service that cannot be asked is then a 503, not a broken answer.
        return await call.ResponseStream.MoveNext(context.RequestAborted)
            ? new(answer => RelayAsync(answer, call.ResponseStream))
            : throw new InvalidOperationException("Keys.Service exported nothing.");
    }

    private async Task RelayAsync(HttpContext context, IAsyncStreamReader<ExportChunk> chunks)
    {
        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.Headers.ContentDisposition = "attachment; filename=\"llmgateway-backup.json\"";
        try
        {
            do
            {
                await context.Response.BodyWriter.WriteAsync(chunks.Current.Data.Memory, context.RequestAborted);
            }
            while (await chunks.MoveNext(context.RequestAborted));
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Half a backup must not look like a whole one.
            Log.BrokenOff(logger, context.TraceIdentifier, exception.StatusCode);
            throw new AnswerBrokenOffException("keys_unavailable");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The backup of request {RequestId} broke off: {StatusCode}.")]
        public static partial void BrokenOff(ILogger logger, string requestId, StatusCode statusCode);
    }
}
