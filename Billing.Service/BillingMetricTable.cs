using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Billing;

/// <summary>All metrics of Billing.</summary>
internal static class BillingMetricTable
{
    private const string Refusal = "the first refusal";
    private const string Booking = "the first booking";
    private static readonly MetricLabel Kind = new("kind", "hold", "extend", "settle", "release");

    private static readonly MetricLabel Reason = new(
        "reason", "insufficient_balance", "limit_reached", "price_unknown", "unknown_hold", "closed_hold", "foreign_hold", "too_dear");

    public static readonly MetricTable Table = new(BillingMetrics.MeterName);

    public static readonly MetricRow Holds = Table.Add(new(
        "llmgateway.billing.holds", MetricKind.Counter, "{hold}", "Holds granted, repetitions included."));

    public static readonly MetricRow Refusals = Table.Add(new(
        "llmgateway.billing.refusals", MetricKind.Counter, "{hold}", "Holds refused, by reason; price_unknown is a call of a model without a price.", Reason));

    public static readonly MetricRow Extensions = Table.Add(new(
        "llmgateway.billing.extensions", MetricKind.Counter, "{hold}", "Holds grown, repetitions included."));

    public static readonly MetricRow ExtensionRefusals = Table.Add(new(
        "llmgateway.billing.extension_refusals", MetricKind.Counter, "{hold}", "Holds that could not grow, by reason.", Reason));

    public static readonly MetricRow OpenHolds = Table.Add(new(
        "llmgateway.billing.open_holds", MetricKind.Gauge, "{hold}", "Holds that are open: calls that run, and those whose process died."));

    public static readonly MetricRow OldestHold = Table.Add(new(
        "llmgateway.billing.oldest_hold.age", MetricKind.Gauge, "s", "How old the oldest open hold is; 0 without one."));

    public static readonly MetricRow Releases = Table.Add(new(
        "llmgateway.billing.releases", MetricKind.Counter, "{hold}", "Holds given back whole."));

    public static readonly MetricRow Expired = Table.Add(new(
        "llmgateway.billing.expired_holds", MetricKind.Counter, "{hold}", "Holds that nobody closed in time."));

    public static readonly MetricRow Settlements = Table.Add(new(
        "llmgateway.billing.settlements", MetricKind.Counter, "{settlement}", "Settlements, by whether it was the first.", "first"));

    public static readonly MetricRow Charged = Table.Add(new(
        "llmgateway.billing.charged", MetricKind.Counter, "{nUSD}", "Nano-dollars charged to customers, write-offs included."));

    public static readonly MetricRow WriteOffs = Table.Add(new(
        "llmgateway.billing.write_offs", MetricKind.Counter, "{settlement}", "Settlements that were not covered."));

    public static readonly MetricRow WrittenOff = Table.Add(new(
        "llmgateway.billing.written_off", MetricKind.Counter, "{nUSD}", "Nano-dollars written off."));

    public static readonly MetricRow Lines = Table.Add(new(
        "llmgateway.billing.statement_lines", MetricKind.Histogram, "{call}", "Calls that shared a statement, by kind.", Kind)
    { Buckets = [1, 2, 4, 8, 16, 32, 64, 128] });

    public static readonly MetricRow RefusedLines = Table.Add(new(
        "llmgateway.billing.refused_lines", MetricKind.Counter, "{call}", "Calls that were refused before they reached the database, by kind and reason.",
        Kind, new MetricLabel("reason", "queue_full", "database_lost"))
    { AppearsWith = "the first outage" });

    public static readonly MetricRow Alerts = Table.Add(new(
        "llmgateway.billing.alerts", MetricKind.Counter, "{alert}", "Spend alerts that have fired."));

    public static readonly MetricRow AlertAttempts = Table.Add(new(
        "llmgateway.billing.alert_attempts", MetricKind.Counter, "{attempt}", "Attempts to deliver an alert, by what became of it.",
        new MetricLabel("state", "delivered", "waiting", "given_up")));

    public static readonly MetricRow CacheHits = Table.Add(new(
        "llmgateway.billing.cache_hits", MetricKind.Counter, "{call}", "Answers of the gateway's cache, by what became of them.",
        new MetricLabel("outcome", "free", "charged", "repeated", "refused"), "reason")
    { AppearsWith = "the first answer from a cache" });

    public static readonly MetricRow Bookings = Table.Add(new(
        "llmgateway.billing.bookings", MetricKind.Counter, "{posting}", "What administrators posted, by kind and whether it was the first.", "kind", "first")
    { AppearsWith = Booking });

    public static readonly MetricRow BookingRefusals = Table.Add(new(
        "llmgateway.billing.booking_refusals", MetricKind.Counter, "{posting}", "What the ledger did not let administrators post, by kind and reason.", "kind", "reason")
    { AppearsWith = Refusal });

    public static readonly MetricRow Differences = Table.Add(new(
        "llmgateway.billing.ledger.differences", MetricKind.Gauge, "{difference}", "What the last verification found wrong, by check.", "check")
    { AppearsWith = "`llmgw ledger verify`" });
}
