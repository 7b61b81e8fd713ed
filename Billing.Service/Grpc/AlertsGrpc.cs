using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Billing.Alerts;
using LlmGateway.Protos.Billing.V1;
using Alert = LlmGateway.Billing.Alerts.Alert;
using AlertEvent = LlmGateway.Billing.Alerts.AlertEvent;
using AlertWindow = LlmGateway.Billing.Alerts.AlertWindow;
using WireAlert = LlmGateway.Protos.Billing.V1.Alert;
using WireEvent = LlmGateway.Protos.Billing.V1.AlertEvent;
using WireWindow = LlmGateway.Protos.Billing.V1.AlertWindow;

namespace LlmGateway.Billing.Grpc;

/// <summary>Translate, call, translate.</summary>
internal sealed class AlertsGrpc(AlertList alerts) : AlertsApi.AlertsApiBase
{
    // A thousand million dollars, as for the limits of keys.
    private const long MostNanoUsd = 1_000_000_000_000_000_000;

    public override Task<AccountAlerts> GetAlerts(GetAlertsRequest request, ServerCallContext context) =>
        ReadAsync(Fields.AccountId(request.AccountId), context.CancellationToken);

    public override async Task<AccountAlerts> SetAlerts(SetAlertsRequest request, ServerCallContext context)
    {
        var accountId = Fields.AccountId(request.AccountId);
        Fields.InRange("alerts", request.Alerts.Count, 0, AlertList.MostAlerts);
        var wanted = new HashSet<Alert>();
        foreach (var (index, alert) in request.Alerts.Index())
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"alerts[{index}]");
            if (!wanted.Add(ToAlert(alert, field)))
            {
                throw Fields.Invalid(field, "is the same as an earlier one.");
            }
        }

        var actor = Fields.Present("actor", request.Actor).Read("actor");
        await alerts.SetAsync(accountId, [.. wanted], actor, context.CancellationToken);
        return await ReadAsync(accountId, context.CancellationToken);
    }

    private async Task<AccountAlerts> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var (set, events, author) = await alerts.GetAsync(accountId, cancellationToken);
        return new()
        {
            AccountId = accountId,
            Alerts = { set.Select(ToMessage) },
            Events = { events.Select(ToMessage) },
            SetBy = author?.Actor.ToMessage(),
            SetAt = ToTimestamp(author?.At),
        };
    }

    private static Alert ToAlert(WireAlert alert, string field) => new(
        new(Fields.InRange($"{field}.amount", alert.AmountNanoUsd, 1, MostNanoUsd)),
        alert.Window switch
        {
            WireWindow.Day => AlertWindow.Day,
            WireWindow.Month => AlertWindow.Month,
            WireWindow.Total => AlertWindow.Total,
            _ => throw Fields.Invalid($"{field}.window", "must be day, month or total."),
        });

    private static WireAlert ToMessage(Alert alert) => new()
    {
        AmountNanoUsd = alert.Amount.Value,
        Window = alert.Window switch
        {
            AlertWindow.Day => WireWindow.Day,
            AlertWindow.Month => WireWindow.Month,
            _ => WireWindow.Total,
        },
    };

    private static WireEvent ToMessage(AlertEvent alert) => new()
    {
        Id = alert.Id,
        Alert = ToMessage(alert.Alert),
        WindowStart = alert.Alert.Window == AlertWindow.Total ? "" : alert.Starts.ToString("O", CultureInfo.InvariantCulture),
        SpendNanoUsd = alert.Spend.Value,
        FiredAt = Timestamp.FromDateTimeOffset(alert.FiredAt),
        Delivery = new()
        {
            State = alert.Delivery.State,
            Attempts = alert.Delivery.Attempts,
            NextAt = ToTimestamp(alert.Delivery.NextAt),
            EndedAt = ToTimestamp(alert.Delivery.EndedAt),
            LastError = alert.Delivery.LastError ?? "",
        },
    };

    private static Timestamp? ToTimestamp(DateTimeOffset? time) => time is { } known ? Timestamp.FromDateTimeOffset(known) : null;
}
