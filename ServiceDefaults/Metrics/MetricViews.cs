using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>
/// What of each instrument is exported: its row's labels and buckets. Of the framework's instruments those without a row are left out. They
/// are many, and some have labels of clients' making.
/// </summary>
internal sealed class MetricViews(IEnumerable<MetricTable> tables)
{
    private readonly FrozenDictionary<(string Meter, string Name), MetricStreamConfiguration> _streams = tables
        .SelectMany(table => table.Rows.Select(row => (Key: (table.MeterName, row.Name), Stream: Stream(row))))
        .ToFrozenDictionary(entry => entry.Key, entry => entry.Stream);

    public MetricStreamConfiguration? Of(Instrument instrument)
    {
        if (_streams.TryGetValue((instrument.Meter.Name, instrument.Name), out var stream))
        {
            return stream;
        }

        return instrument.Meter.Name.StartsWith("LlmGateway.", StringComparison.Ordinal) ? null : MetricStreamConfiguration.Drop;
    }

    private static MetricStreamConfiguration Stream(MetricRow row)
    {
        var labels = row.Labels.Select(label => label.Name).ToArray();
        return row.Buckets.Length > 0
            ? new ExplicitBucketHistogramConfiguration { TagKeys = labels, Boundaries = row.Buckets }
            : new MetricStreamConfiguration { TagKeys = labels };
    }
}
