using System.Collections.Frozen;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>Makes a page of what the SDK has counted since the start, whenever it is asked for one.</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusExporter(IEnumerable<MetricTable> tables, IReadOnlyDictionary<string, object> resource)
    : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly MetricRow[] _rows = [.. tables.SelectMany(table => table.Rows)];
    private readonly FrozenDictionary<(string Meter, string Name), MetricRow> _byName = tables
        .SelectMany(table => table.Rows.Select(row => (Key: (table.MeterName, row.Name), Row: row)))
        .ToFrozenDictionary(entry => entry.Key, entry => entry.Row);

    private byte[] _page = [];

    /// <summary>Set by the reader that this exporter is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>One at a time: the caller sees to that.</summary>
    public byte[] Render() => Collect?.Invoke(Timeout.Infinite) == true ? _page : throw new InvalidOperationException("The metrics could not be read.");

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var text = new PrometheusText(_page.Length + 1024);
        WriteTarget(text);
        foreach (var metric in batch)
        {
            Write(text, metric);
        }

        foreach (var row in _rows.Where(row => row.KnownSeries().Any()))
        {
            WriteZeros(text, row);
        }

        _page = text.ToArray();
        return ExportResult.Success;
    }

    private void WriteTarget(PrometheusText text)
    {
        text.Begin("target_info", "gauge", "Which process this is.");
        text.Sample("target_info", new LabelSource([.. resource.Select(pair => new KeyValuePair<string, object?>(pair.Key, pair.Value))]), 1);
    }

    private void Write(PrometheusText text, Metric metric)
    {
        if (KindOf(metric.MetricType) is not { } kind)
        {
            return;
        }

        var row = _byName.GetValueOrDefault((metric.MeterName, metric.Name));

        // What falls is no counter, whatever instrument was taken for it: .NET has one for the length of the thread pool's queue.
        kind = row?.Kind ?? kind;
        var name = row?.PrometheusName ?? PrometheusNames.Of(metric.Name, metric.Unit, kind);
        var help = row?.Meaning ?? metric.Description;
        if (!text.Begin(name, TypeOf(kind), help.Length > 0 ? help : metric.Name))
        {
            return;
        }

        var seen = row is { Kind: MetricKind.Counter, Labels.Length: 1 } ? new HashSet<string?>() : null;
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            Write(text, name, metric.MetricType, in point);
            if (seen is not null)
            {
                foreach (var tag in point.Tags)
                {
                    seen.Add(tag.Value?.ToString());
                }
            }
        }

        foreach (var series in seen is null ? [] : row!.KnownSeries().Where(series => !seen.Contains(series[0].Value?.ToString())))
        {
            text.Sample(name, new LabelSource(series), 0L);
        }
    }

    private static void Write(PrometheusText text, string name, MetricType type, ref readonly MetricPoint point)
    {
        var labels = new LabelSource(point.Tags);
        switch (type)
        {
            case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                text.Sample(name, labels, point.GetSumLong());
                break;

            case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                text.Sample(name, labels, point.GetSumDouble());
                break;

            case MetricType.LongGauge:
                text.Sample(name, labels, point.GetGaugeLastValueLong());
                break;

            case MetricType.DoubleGauge:
                text.Sample(name, labels, point.GetGaugeLastValueDouble());
                break;

            case MetricType.Histogram:
                text.Histogram(name, in point);
                break;
        }
    }

    // Nothing was counted yet. What is written already has all its series.
    private static void WriteZeros(PrometheusText text, MetricRow row)
    {
        if (!text.Begin(row.PrometheusName, TypeOf(row.Kind), row.Meaning))
        {
            return;
        }

        foreach (var series in row.KnownSeries())
        {
            text.Sample(row.PrometheusName, new LabelSource(series), 0L);
        }
    }

    private static MetricKind? KindOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => MetricKind.Counter,
        MetricType.LongGauge or MetricType.DoubleGauge or MetricType.LongSumNonMonotonic or MetricType.DoubleSumNonMonotonic => MetricKind.Gauge,
        MetricType.Histogram => MetricKind.Histogram,
        // Exponential histograms have no form in this format, and no row asks for one.
        _ => null,
    };

    private static string TypeOf(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Gauge => "gauge",
        _ => "histogram",
    };
}
