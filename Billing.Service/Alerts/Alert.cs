using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Alerts;

/// <summary>What an account's spending is counted over; days and months of UTC.</summary>
internal enum AlertWindow
{
    Day,
    Month,
    Total,
}

/// <summary>Somebody is told when the window has spent as much.</summary>
internal sealed record Alert(NanoUsd Amount, AlertWindow Window);

/// <summary>Who gave the account the alerts that it has, and when.</summary>
internal sealed record AlertAuthor(Actor Actor, DateTimeOffset At);

/// <summary>How far the telling is.</summary>
/// <param name="State">unsent, waiting, delivered, given_up.</param>
/// <param name="NextAt">Of the next attempt; null when there is none.</param>
/// <param name="EndedAt">When it was delivered or given up.</param>
/// <param name="LastError">Of the last attempt that failed.</param>
internal sealed record AlertDelivery(string State, int Attempts, DateTimeOffset? NextAt, DateTimeOffset? EndedAt, string? LastError);

/// <summary>An alert that has fired: once in its window, ever.</summary>
/// <param name="Starts">The window's first day; 1970-01-01 for the total.</param>
/// <param name="Spend">Of the window, when it was noticed.</param>
internal sealed record AlertEvent(
    long Id, string AccountId, Alert Alert, DateOnly Starts, NanoUsd Spend, DateTimeOffset FiredAt, AlertDelivery Delivery);

internal static class AlertWindows
{
    /// <summary>As tables and webhooks have it.</summary>
    public static string Name(this AlertWindow window) => window switch
    {
        AlertWindow.Day => "day",
        AlertWindow.Month => "month",
        AlertWindow.Total => "total",
        _ => throw new ArgumentOutOfRangeException(nameof(window), window, "Not a window that has a name."),
    };

    public static AlertWindow Parse(string name) => name switch
    {
        "day" => AlertWindow.Day,
        "month" => AlertWindow.Month,
        "total" => AlertWindow.Total,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not the name of a window."),
    };
}
