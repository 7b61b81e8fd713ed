using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>What exporters delivered and lost, in items, since the process began.</summary>
/// <param name="Exporter">Such as "otlp".</param>
/// <param name="Signal">traces or logs.</param>
/// <param name="Delivered">Taken by the receiver.</param>
/// <param name="Lost">Sent, and not taken.</param>
public sealed record ExportState(string Exporter, string Signal, long Delivered, long Lost);

/// <summary>What exporters delivered and lost.</summary>
public sealed class ExportTally : IDisposable
{
    private readonly ConcurrentQueue<ExportCount> _counts = new();
    private readonly QueueDrops _drops = new();
    private readonly Meter _meter;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _lost;

    public ExportTally(IMeterFactory meters)
    {
        _meter = meters.Create(TelemetryMetrics.Table.MeterName);
        _delivered = _meter.Counter(TelemetryMetrics.Exported);
        _lost = _meter.Counter(TelemetryMetrics.NotDelivered);
    }

    /// <summary>Items that found an exporter's queue full, by signal.</summary>
    public IReadOnlyDictionary<string, long> Dropped => _drops.Read();

    public IReadOnlyList<ExportState> Read() => [.. _counts.Select(count => count.Read())];

    /// <param name="exporter">Of a closed set, such as "otlp".</param>
    /// <param name="signal">traces, logs or errors.</param>
    internal ExportCount Of(string exporter, string signal)
    {
        var count = new ExportCount(_delivered, _lost, exporter, signal);
        _counts.Enqueue(count);
        return count;
    }

    public void Dispose()
    {
        _drops.Dispose();
        _meter.Dispose();
    }
}

internal sealed class ExportCount(Counter<long> delivered, Counter<long> lost, string exporter, string signal)
{
    private readonly KeyValuePair<string, object?> _exporter = new("exporter", exporter);
    private readonly KeyValuePair<string, object?> _signal = new("signal", signal);

    private long _deliveredItems;
    private long _lostItems;

    public ExportState Read() => new(exporter, signal, Interlocked.Read(ref _deliveredItems), Interlocked.Read(ref _lostItems));

    public void Delivered(long items)
    {
        Interlocked.Add(ref _deliveredItems, items);
        delivered.Add(items, _exporter, _signal);
    }

    public void Lost(long items)
    {
        Interlocked.Add(ref _lostItems, items);
        lost.Add(items, _exporter, _signal);
    }
}
