using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>
/// All metrics of a meter. Instruments are made from its rows, what is exported is what they say, and the tables of docs/operations.md are
/// generated from them.
/// </summary>
/// <remarks>To add a metric: a row by <see cref="Add"/> in the service's table, its instrument by one of <see cref="MetricInstruments"/>, and
/// <c>UPDATE_GOLDEN=1</c> for the test that compares the documentation.</remarks>
public sealed class MetricTable(string meterName)
{
    private readonly List<MetricRow> _rows = [];

    /// <summary>Name of the meter that has these instruments.</summary>
    public string MeterName => meterName;

    public IReadOnlyList<MetricRow> Rows => _rows;

    public MetricRow Add(MetricRow row)
    {
        if (_rows.Any(other => other.Name == row.Name || other.PrometheusName == row.PrometheusName))
        {
            throw new ArgumentException($"The metric {row.Name} is in the table already.", nameof(row));
        }

        _rows.Add(row);
        return row;
    }

    /// <summary>A table whose rows are all known where it is made.</summary>
    internal static MetricTable Of(string meterName, params MetricRow[] rows)
    {
        var table = new MetricTable(meterName);
        table._rows.AddRange(rows);
        return table;
    }
}

/// <summary>Makes instruments of rows, so that name, unit and meaning are written once.</summary>
public static class MetricInstruments
{
    /// <summary>The service's table, for /metrics and OTLP.</summary>
    public static void AddMetricTable(this IHostApplicationBuilder builder, MetricTable table) => builder.Services.AddSingleton(table);

    public static Counter<long> Counter(this Meter meter, MetricRow row) =>
        meter.CreateCounter<long>(row.Of(MetricKind.Counter).Name, row.Unit, row.Meaning);

    public static Counter<double> DoubleCounter(this Meter meter, MetricRow row) =>
        meter.CreateCounter<double>(row.Of(MetricKind.Counter).Name, row.Unit, row.Meaning);

    public static Histogram<double> Histogram(this Meter meter, MetricRow row) => meter.CreateHistogram(
        row.Of(MetricKind.Histogram).Name, row.Unit, row.Meaning, tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = row.Buckets });

    public static Histogram<long> LongHistogram(this Meter meter, MetricRow row) => meter.CreateHistogram(
        row.Of(MetricKind.Histogram).Name, row.Unit, row.Meaning, tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [.. row.Buckets.Select(bound => (long)bound)] });

    public static Gauge<long> Gauge(this Meter meter, MetricRow row) =>
        meter.CreateGauge<long>(row.Of(MetricKind.Gauge).Name, row.Unit, row.Meaning);

    public static Gauge<double> DoubleGauge(this Meter meter, MetricRow row) =>
        meter.CreateGauge<double>(row.Of(MetricKind.Gauge).Name, row.Unit, row.Meaning);

    /// <summary>A gauge that is looked at when somebody reads the metrics.</summary>
    public static void Observe(this Meter meter, MetricRow row, Func<double> value) =>
        meter.CreateObservableGauge(row.Of(MetricKind.Gauge).Name, value, row.Unit, row.Meaning);

    /// <inheritdoc cref="Observe(Meter, MetricRow, Func{double})"/>
    public static void Observe(this Meter meter, MetricRow row, Func<IEnumerable<Measurement<double>>> values) =>
        meter.CreateObservableGauge(row.Of(MetricKind.Gauge).Name, values, row.Unit, row.Meaning);

    /// <inheritdoc cref="Observe(Meter, MetricRow, Func{double})"/>
    public static void Observe(this Meter meter, MetricRow row, Func<IEnumerable<Measurement<long>>> values) =>
        meter.CreateObservableGauge(row.Of(MetricKind.Gauge).Name, values, row.Unit, row.Meaning);

    /// <summary>A counter that somebody else keeps, and that is looked at when somebody reads the metrics.</summary>
    public static void ObserveCounter(this Meter meter, MetricRow row, Func<IEnumerable<Measurement<long>>> values) =>
        meter.CreateObservableCounter(row.Of(MetricKind.Counter).Name, values, row.Unit, row.Meaning);

    private static MetricRow Of(this MetricRow row, MetricKind kind) => row.Kind == kind
        ? row
        : throw new ArgumentException($"{row.Name} is in its table as a {row.Kind}, not as a {kind}.", nameof(row));
}
