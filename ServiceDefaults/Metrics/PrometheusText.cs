using System.Buffers;
using System.Globalization;
using System.Text;
using OpenTelemetry.Metrics;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>
/// Writes metrics in Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats):
/// <code>
/// # HELP llm_requests_total Calls that ended.
/// # TYPE llm_requests_total counter
/// llm_requests_total{model="gpt-4",outcome="ok"} 3
/// </code>
/// OpenTelemetry.Exporter.Prometheus.AspNetCore writes the same, but is in beta for years and not in every feed.
/// </summary>
internal sealed class PrometheusText(int expectedBytes)
{
    private readonly ArrayBufferWriter<byte> _output = new(Math.Max(expectedBytes, 4096));
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private readonly HashSet<string> _labels = new(StringComparer.Ordinal);

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    /// <summary>False for a name that is written already: two of one name would make the whole page unreadable.</summary>
    public bool Begin(string name, string type, string help)
    {
        if (!_written.Add(name))
        {
            return false;
        }

        Write($"# HELP {name} {help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)}\n");
        Write($"# TYPE {name} {type}\n");
        return true;
    }

    public void Sample(string name, LabelSource labels, double value) => Sample(name, labels, le: null, Number(value));

    public void Sample(string name, LabelSource labels, long value) => Sample(name, labels, le: null, value.ToString(CultureInfo.InvariantCulture));

    public void Histogram(string name, ref readonly MetricPoint point)
    {
        var labels = new LabelSource(point.Tags);
        var below = 0L;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            Sample($"{name}_bucket", labels, Number(bucket.ExplicitBound), below.ToString(CultureInfo.InvariantCulture));
        }

        // Of one snapshot: the buckets' sum, not a count that is read beside it.
        Sample($"{name}_sum", labels, point.GetHistogramSum());
        Sample($"{name}_count", labels, below);
    }

    private void Sample(string name, LabelSource labels, string? le, string value)
    {
        Write(name);
        _labels.Clear();
        foreach (var (key, text) in labels)
        {
            WriteLabel(PrometheusNames.OfLabel(key), text);
        }

        if (le is not null)
        {
            WriteLabel("le", le);
        }

        Write($"{(_labels.Count > 0 ? "}" : "")} {value}\n");
    }

    private void WriteLabel(string name, string value)
    {
        // An empty value is the same as no label, and of two with one name the first stays.
        if (value.Length == 0 || !_labels.Add(name))
        {
            return;
        }

        var escaped = value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", @"\n", StringComparison.Ordinal);
        Write($"{(_labels.Count == 1 ? "{" : ",")}{name}=\"{escaped}\"");
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    // Half a character, which UTF-8 cannot say, becomes U+FFFD.
    private void Write(string text) => Encoding.UTF8.GetBytes(text, _output);
}
