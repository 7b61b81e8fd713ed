using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace LlmGateway.ServiceDefaults.Export;

/// <summary>What found the queue in front of an exporter full and is gone, by signal: the SDK's own figures, of the whole process.</summary>
internal sealed class QueueDrops : IDisposable
{
    private static readonly Dictionary<string, string> Signals = new()
    {
        ["otel.sdk.processor.span.processed"] = "traces",
        ["otel.sdk.processor.log.processed"] = "logs",
    };

    private readonly ConcurrentDictionary<string, long> _dropped = new(Signals.Values.Select(signal => KeyValuePair.Create(signal, 0L)));
    private readonly MeterListener _listener = new()
    {
        InstrumentPublished = static (instrument, listener) =>
        {
            if (Signals.TryGetValue(instrument.Name, out var signal))
            {
                listener.EnableMeasurementEvents(instrument, signal);
            }
        },
    };

    public QueueDrops()
    {
        _listener.SetMeasurementEventCallback<long>(Count);
        _listener.Start();
    }

    public IReadOnlyDictionary<string, long> Read() => _dropped;

    public void Dispose() => _listener.Dispose();

    private void Count(Instrument instrument, long items, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? signal)
    {
        foreach (var (name, value) in tags)
        {
            if (name == "error.type" && value is "queue_full")
            {
                _dropped.AddOrUpdate((string)signal!, items, (_, before) => before + items);
            }
        }
    }
}
