using System.Globalization;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Admin;

/// <summary>Somebody is told when the account has spent as much in the window.</summary>
/// <param name="Amount">In USD.</param>
/// <param name="Window">day, month (of UTC) or total.</param>
internal sealed record AlertBody(UsdAmount? Amount, string? Window)
{
    public static AlertBody From(Alert alert) => new(new(alert.AmountNanoUsd), alert.Window switch
    {
        AlertWindow.Day => "day",
        AlertWindow.Month => "month",
        _ => "total",
    });

    // What Billing takes, in nano-dollars.
    private const long Highest = 1_000_000_000_000_000_000;

    public ApiError? Fault(string field) => this switch
    {
        { Amount: null } => ApiErrors.Missing($"{field}.amount"),
        { Amount: { NanoUsd: <= 0 or > Highest } } => ApiErrors.Invalid($"{field}.amount", "more than 0 and at most 1000000000"),
        { Window: null } => ApiErrors.Missing($"{field}.window"),
        { Window: not ("day" or "month" or "total") } => ApiErrors.Invalid($"{field}.window", "day, month or total"),
        _ => null,
    };

    public Alert ToProto() => new()
    {
        AmountNanoUsd = Amount!.Value.NanoUsd,
        Window = Window switch
        {
            "day" => AlertWindow.Day,
            "month" => AlertWindow.Month,
            _ => AlertWindow.Total,
        },
    };
}

/// <summary>What a client sends to replace all alerts of an account.</summary>
internal sealed record NewAlertsBody(IReadOnlyList<AlertBody?>? Alerts)
{
    // As many as Billing takes.
    private const int Most = 20;

    public ApiError? Fault() => Alerts is null ? ApiErrors.Missing("alerts")
        : Alerts.Count > Most ? ApiErrors.Invalid("alerts", "a list of at most 20 alerts")
        : Alerts.Select((alert, index) => (Alert: alert, Field: string.Create(CultureInfo.InvariantCulture, $"alerts[{index}]")))
            .Select(line => line.Alert is null ? ApiErrors.Invalid(line.Field, "an object with amount and window") : line.Alert.Fault(line.Field))
            .FirstOrDefault(fault => fault is not null);
}

/// <param name="SetBy">Who set the alerts, or took them away; null where nobody ever did.</param>
internal sealed record AccountAlertsBody(
    string Object, string AccountId, IReadOnlyList<AlertBody> Alerts, ActorBody? SetBy, DateTime? SetAt, IReadOnlyList<AlertEventBody> Events)
{
    public static AccountAlertsBody From(AccountAlerts alerts) => new(
        "alerts",
        alerts.AccountId,
        [.. alerts.Alerts.Select(AlertBody.From)],
        ActorBody.From(alerts.SetBy),
        TimeField.ToJson(alerts.SetAt),
        [.. alerts.Events.Select(AlertEventBody.From)]);
}

/// <summary>An alert that has fired.</summary>
/// <param name="WindowStart">As 2026-11-21; null for the total.</param>
/// <param name="Spend">Of the window, when it was noticed.</param>
internal sealed record AlertEventBody(
    string Id, UsdAmount Amount, string Window, string? WindowStart, UsdAmount Spend, DateTime? FiredAt, AlertDeliveryBody Delivery)
{
    public static AlertEventBody From(AlertEvent alert)
    {
        var threshold = AlertBody.From(alert.Alert);
        return new(
            string.Create(CultureInfo.InvariantCulture, $"alert_{alert.Id}"),
            threshold.Amount!.Value,
            threshold.Window!,
            alert.WindowStart.Length > 0 ? alert.WindowStart : null,
            new(alert.SpendNanoUsd),
            TimeField.ToJson(alert.FiredAt),
            AlertDeliveryBody.From(alert.Delivery));
    }
}

/// <param name="State">unsent (no webhook was configured), waiting, delivered, given_up.</param>
internal sealed record AlertDeliveryBody(string State, int Attempts, DateTime? NextAt, DateTime? EndedAt, string? LastError)
{
    public static AlertDeliveryBody From(AlertDelivery delivery) => new(
        delivery.State, delivery.Attempts, TimeField.ToJson(delivery.NextAt), TimeField.ToJson(delivery.EndedAt),
        delivery.LastError.Length > 0 ? delivery.LastError : null);
}
