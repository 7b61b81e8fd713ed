using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/audit, /admin/stats, /admin/signing-keys</summary>
internal sealed partial class RecordEndpoints(
    KeysAdminApi.KeysAdminApiClient keys, UsageApi.UsageApiClient usage, ILogger<RecordEndpoints> logger)
{
    public async Task<AdminAnswer> AuditAsync(HttpContext context)
    {
        if (AdminQuery.Page(context.Request.Query, out var page) is { } error)
        {
            return error;
        }

        var reply = await keys.ListAuditAsync(page, cancellationToken: context.RequestAborted);
        return reply.Rejection is { } rejection
            ? rejection
            : AdminAnswer.Of(ListBody<AuditBody>.From(reply.Entries.Select(AuditBody.From), reply.NextCursor), AdminJson.Wire.ListBodyAuditBody);
    }

    public async Task<AdminAnswer> StatsAsync(HttpContext context)
    {
        // Both at once, and neither outlives the request, whichever fails.
        using var counted = keys.GetStatsAsync(new(), cancellationToken: context.RequestAborted);
        var money = await MoneyAsync(context);
        return AdminAnswer.Of(StatsBody.From(await counted, money), AdminJson.Wire.StatsBody);
    }

    public async Task<AdminAnswer> RotateSigningKeyAsync(HttpContext context)
    {
        var reply = await keys.RotateSigningKeyAsync(new() { Actor = AdminEndpoint.ActorOf(context) }, cancellationToken: context.RequestAborted);
        return reply.Rejection is { } rejection
            ? rejection
            : AdminAnswer.Of(new SigningKeyBody("signing_key", reply.Kid), AdminJson.Wire.SigningKeyBody);
    }

    // Without Billing the rest is still worth knowing.
    private async Task<MoneyStats?> MoneyAsync(HttpContext context)
    {
        try
        {
            return MoneyStats.From(await usage.GetTotalsAsync(new(), cancellationToken: context.RequestAborted), AdminEndpoint.SeesInternals(context));
        }
        catch (RpcException exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.BillingSilent(logger, context.TraceIdentifier, exception.StatusCode);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing.Service did not say the figures that request {RequestId} asks for: {StatusCode}.")]
        public static partial void BillingSilent(ILogger logger, string requestId, StatusCode statusCode);
    }
}
