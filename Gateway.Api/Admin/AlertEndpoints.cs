using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/accounts/{id}/alerts: PUT replaces all of an account's alerts, DELETE takes them away.</summary>
internal sealed class AlertEndpoints(AlertsApi.AlertsApiClient alerts, AdminEndpoint endpoint, AccountCheck check, BillingQuestion billing)
{
    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await check.UnknownAsync(context, id) ?? await billing.AskAsync(context, async () =>
            Answer(await alerts.GetAlertsAsync(new() { AccountId = id }, cancellationToken: context.RequestAborted)));

    public async Task<AdminAnswer> ReplaceAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewAlertsBody);
        return body is null || (error = body.Fault()) is not null ? error! : await SetAsync(context, id, body.Alerts!.Select(alert => alert!.ToProto()));
    }

    public async Task<AdminAnswer> DeleteAsync(HttpContext context) =>
        AdminQuery.Id(context, out var id) is { } error ? error : await SetAsync(context, id, []);

    private async Task<AdminAnswer> SetAsync(HttpContext context, string id, IEnumerable<Alert> wanted)
    {
        var request = new SetAlertsRequest { AccountId = id, Alerts = { wanted }, Actor = LedgerActor.Of(context) };
        return await check.UnknownAsync(context, id) ?? await billing.AskAsync(context, async () =>
            Answer(await alerts.SetAlertsAsync(request, cancellationToken: context.RequestAborted)));
    }

    private static AdminAnswer Answer(AccountAlerts reply) =>
        AdminAnswer.Of(AccountAlertsBody.From(reply), AdminJson.Wire.AccountAlertsBody);
}
