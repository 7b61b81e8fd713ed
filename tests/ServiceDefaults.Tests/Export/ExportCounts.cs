using System.Diagnostics.Metrics;

namespace LlmGateway.ServiceDefaults.Tests.Export;

/// <summary>What an exporter's counters of one signal say, and the queues of spans, from now on.</summary>
internal sealed class ExportCounts : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _exported;
    private long _notDelivered;
    private long _queueFull;

    /// <param name="exporter">Whose.</param>
    /// <param name="signal">Of what.</param>
    /// <param name="host">Whose meters; null for all of the process.</param>
    public ExportCounts(string exporter, string signal, IMeterFactory? host = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is "otel.sdk.processor.span.processed"
                || (instrument.Name is "llmgateway.telemetry.exported" or "llmgateway.telemetry.not_delivered" && (host is null || instrument.Meter.Scope == host)))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var labels = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value as string);
            if (instrument.Name.StartsWith("otel.", StringComparison.Ordinal))
            {
                Interlocked.Add(ref _queueFull, labels.GetValueOrDefault("error.type") == "queue_full" ? value : 0);
            }
            else if (labels["exporter"] == exporter && labels["signal"] == signal)
            {
                Interlocked.Add(ref instrument.Name.EndsWith("exported", StringComparison.Ordinal) ? ref _exported : ref _notDelivered, value);
            }
        });
        _listener.Start();
    }

    public long Exported => Interlocked.Read(ref _exported);

    public long NotDelivered => Interlocked.Read(ref _notDelivered);

    /// <summary>Of all queues of the process: only a test fills one.</summary>
    public long QueueFull => Interlocked.Read(ref _queueFull);

    public void Dispose() => _listener.Dispose();
}
