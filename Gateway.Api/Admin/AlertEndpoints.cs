using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>/admin/accounts/{id}/alerts: PUT replaces all of an account's alerts, DELETE takes them away.</summary>
internal sealed class AlertEndpoints(
    AlertsApi.AlertsApiClient alerts, KeysAdminApi.KeysAdminApiClient keys, AdminEndpoint endpoint, BillingQuestion billing)
{
    public async Task<AdminAnswer> GetAsync(HttpContext context) => AdminQuery.Id(context, out var id) is { } error
        ? error
        : await billing.AskAsync(context, async () =>
            Answer(await alerts.GetAlertsAsync(new() { AccountId = id }, cancellationToken: context.RequestAborted)));

    public async Task<AdminAnswer> ReplaceAsync(HttpContext context)
    {
        if (AdminQuery.Id(context, out var id) is { } fault)
        {
            return fault;
        }

        var (body, error) = await AdminBody.ReadAsync(context, endpoint.MaxBodyBytes, AdminJson.Read.NewAlertsBody);
        if (body is null || (error = body.Fault()) is not null)
        {
            return error!;
        }

        // Billing opens accounts as they come: an alert for a name that was mistyped would wait for ever.
        var account = await keys.GetAccountAsync(new() { Id = id }, cancellationToken: context.RequestAborted);
        return account.Rejection is { } rejection
            ? rejection
            : await SetAsync(context, new() { AccountId = id, Alerts = { body.Alerts!.Select(alert => alert!.ToProto()) } });
    }

    public async Task<AdminAnswer> DeleteAsync(HttpContext context) =>
        AdminQuery.Id(context, out var id) is { } error ? error : await SetAsync(context, new() { AccountId = id });

    private Task<AdminAnswer> SetAsync(HttpContext context, SetAlertsRequest request) => billing.AskAsync(context, async () =>
        Answer(await alerts.SetAlertsAsync(request, cancellationToken: context.RequestAborted)));

    private static AdminAnswer Answer(AccountAlerts reply) =>
        AdminAnswer.Of(AccountAlertsBody.From(reply), AdminJson.Wire.AccountAlertsBody);
}
