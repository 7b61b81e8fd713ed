using System.Diagnostics.Metrics;
using LlmGateway.Billing.Ledger;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.Billing;

internal sealed class BillingMetrics : IDisposable
{
    public const string MeterName = "LlmGateway.Billing";

    private readonly Meter _meter;
    private readonly Counter<long> _holds;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _extensions;
    private readonly Counter<long> _extensionRefusals;
    private readonly Counter<long> _releases;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _settlements;
    private readonly Counter<long> _charged;
    private readonly Counter<long> _writeOffs;
    private readonly Counter<long> _writtenOff;
    private readonly Histogram<long> _lines;
    private readonly Counter<long> _refusedLines;
    private readonly Counter<long> _alerts;
    private readonly Counter<long> _alertAttempts;
    private readonly Counter<long> _hits;
    private readonly Counter<long> _bookings;
    private readonly Counter<long> _bookingRefusals;
    private readonly Gauge<long> _differences;

    public BillingMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _holds = _meter.Counter(BillingMetricTable.Holds);
        _refusals = _meter.Counter(BillingMetricTable.Refusals);
        _extensions = _meter.Counter(BillingMetricTable.Extensions);
        _extensionRefusals = _meter.Counter(BillingMetricTable.ExtensionRefusals);
        _releases = _meter.Counter(BillingMetricTable.Releases);
        _expired = _meter.Counter(BillingMetricTable.Expired);
        _settlements = _meter.Counter(BillingMetricTable.Settlements);
        _charged = _meter.Counter(BillingMetricTable.Charged);
        _writeOffs = _meter.Counter(BillingMetricTable.WriteOffs);
        _writtenOff = _meter.Counter(BillingMetricTable.WrittenOff);
        _lines = _meter.LongHistogram(BillingMetricTable.Lines);
        _refusedLines = _meter.Counter(BillingMetricTable.RefusedLines);
        _alerts = _meter.Counter(BillingMetricTable.Alerts);
        _alertAttempts = _meter.Counter(BillingMetricTable.AlertAttempts);
        _hits = _meter.Counter(BillingMetricTable.CacheHits);
        _bookings = _meter.Counter(BillingMetricTable.Bookings);
        _bookingRefusals = _meter.Counter(BillingMetricTable.BookingRefusals);
        _differences = _meter.Gauge(BillingMetricTable.Differences);
    }

    public void HoldDecided(LedgerRefusalReason? refusal) => Decided(_holds, _refusals, refusal);

    public void HitDecided(ChargedHit? hit, LedgerRefusalReason? refusal)
    {
        var outcome = hit switch
        {
            null => "refused",
            { First: false } => "repeated",
            { Cost.Value: > 0 } => "charged",
            _ => "free",
        };
        _hits.Add(1, new KeyValuePair<string, object?>("outcome", outcome), new KeyValuePair<string, object?>("reason", refusal?.ToString() ?? ""));
        if (hit is { First: true })
        {
            _charged.Add(hit.Cost.Value);
        }
    }

    public void ExtensionDecided(LedgerRefusalReason? refusal) => Decided(_extensions, _extensionRefusals, refusal);

    public void Released(int holds) => _releases.Add(holds);

    public void Expired(int holds) => _expired.Add(holds);

    public void Settled(SettledCall call)
    {
        _settlements.Add(1, new KeyValuePair<string, object?>("first", call.First));
        if (!call.First)
        {
            return;
        }

        _charged.Add(call.Cost.Value);
        if (call.WrittenOff.Value > 0)
        {
            _writeOffs.Add(1);
            _writtenOff.Add(call.WrittenOff.Value);
        }
    }

    public void StatementSent(StatementKind kind, int lines) => _lines.Record(lines, new KeyValuePair<string, object?>("kind", Name(kind)));

    /// <param name="kind">What the call wanted.</param>
    /// <param name="reason">queue_full or database_lost.</param>
    public void LineRefused(StatementKind kind, string reason) => _refusedLines.Add(
        1, new KeyValuePair<string, object?>("kind", Name(kind)), new KeyValuePair<string, object?>("reason", reason));

    public void AlertsFired(int alerts) => _alerts.Add(alerts);

    /// <param name="state">Of the delivery after the attempt.</param>
    public void AlertAttempted(string state) => _alertAttempts.Add(1, new KeyValuePair<string, object?>("state", state));

    public void BookingDecided(string kind, Booked? booked, BookingRefusalReason? refusal)
    {
        var tag = new KeyValuePair<string, object?>("kind", kind);
        if (booked is not null)
        {
            _bookings.Add(1, tag, new("first", !booked.Repeated));
        }
        else
        {
            _bookingRefusals.Add(1, tag, new("reason", Name(refusal!.Value)));
        }
    }

    /// <param name="open">How many holds are open; asked when somebody reads the metrics.</param>
    /// <param name="oldestSeconds">The age of the oldest.</param>
    public void ObserveHolds(Func<double> open, Func<double> oldestSeconds)
    {
        _meter.Observe(BillingMetricTable.OpenHolds, open);
        _meter.Observe(BillingMetricTable.OldestHold, oldestSeconds);
    }

    public void Verified(IReadOnlyList<VerifiedCheck> checks)
    {
        foreach (var check in checks)
        {
            _differences.Record(check.Differences, new KeyValuePair<string, object?>("check", check.Name));
        }
    }

    public void Dispose() => _meter.Dispose();

    private static void Decided(Counter<long> granted, Counter<long> refused, LedgerRefusalReason? refusal)
    {
        if (refusal is { } reason)
        {
            refused.Add(1, new KeyValuePair<string, object?>("reason", Name(reason)));
        }
        else
        {
            granted.Add(1);
        }
    }

    private static string Name(LedgerRefusalReason reason) => reason switch
    {
        LedgerRefusalReason.InsufficientBalance => "insufficient_balance",
        LedgerRefusalReason.LimitReached => "limit_reached",
        LedgerRefusalReason.PriceUnknown => "price_unknown",
        LedgerRefusalReason.UnknownHold => "unknown_hold",
        LedgerRefusalReason.ClosedHold => "closed_hold",
        LedgerRefusalReason.ForeignHold => "foreign_hold",
        LedgerRefusalReason.TooDear => "too_dear",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason that has a name."),
    };

    private static string Name(BookingRefusalReason reason) => reason switch
    {
        BookingRefusalReason.KeyReused => "key_reused",
        BookingRefusalReason.UnknownCall => "unknown_call",
        BookingRefusalReason.NotSettled => "not_settled",
        BookingRefusalReason.NothingPaid => "nothing_paid",
        BookingRefusalReason.ExceedsPaid => "exceeds_paid",
        BookingRefusalReason.InsufficientBalance => "insufficient_balance",
        BookingRefusalReason.BalanceTooLarge => "balance_too_large",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason that has a name."),
    };

    private static string Name(StatementKind kind) => kind switch
    {
        StatementKind.Hold => "hold",
        StatementKind.Extend => "extend",
        StatementKind.Settle => "settle",
        StatementKind.Release => "release",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind that has a name."),
    };
}
