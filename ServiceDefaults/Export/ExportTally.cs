using System.Diagnostics.Metrics;
using LlmGateway.ServiceDefaults.Metrics;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>What exporters delivered and lost.</summary>
internal sealed class ExportTally : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _lost;

    public ExportTally(IMeterFactory meters)
    {
        _meter = meters.Create(TelemetryMetrics.Table.MeterName);
        _delivered = _meter.Counter(TelemetryMetrics.Exported);
        _lost = _meter.Counter(TelemetryMetrics.NotDelivered);
    }

    /// <param name="exporter">Of a closed set, such as "otlp".</param>
    /// <param name="signal">traces, logs or errors.</param>
    public ExportCount Of(string exporter, string signal) => new(_delivered, _lost, exporter, signal);

    public void Dispose() => _meter.Dispose();
}

internal sealed class ExportCount(Counter<long> delivered, Counter<long> lost, string exporter, string signal)
{
    private readonly KeyValuePair<string, object?> _exporter = new("exporter", exporter);
    private readonly KeyValuePair<string, object?> _signal = new("signal", signal);

    public void Delivered(long items) => delivered.Add(items, _exporter, _signal);

    public void Lost(long items) => lost.Add(items, _exporter, _signal);
}
