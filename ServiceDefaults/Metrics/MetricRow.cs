using System.Text;

namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>What an instrument is to those who read it.</summary>
public enum MetricKind
{
    /// <summary>Only grows; written with the suffix <c>_total</c>.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>A distribution in fixed buckets.</summary>
    Histogram,
}

/// <summary>A label and, where they are a closed set, its values.</summary>
public sealed record MetricLabel(string Name, params string[] Values)
{
    public static implicit operator MetricLabel(string name) => new(name);
}

/// <summary>One metric of a <see cref="MetricTable"/>: what the instrument is made of, what is exported, and what the documentation says.</summary>
/// <param name="Name">OpenTelemetry's name, with dots.</param>
/// <param name="Unit">In UCUM: <c>s</c>, <c>By</c>, or an annotation such as <c>{call}</c>.</param>
/// <param name="Meaning">One sentence, for HELP and the documentation.</param>
/// <param name="Labels">All that are exported: others are cut off, so that the series stay bounded whoever records them.</param>
public sealed record MetricRow(string Name, MetricKind Kind, string Unit, string Meaning, params MetricLabel[] Labels)
{
    /// <summary>Upper bounds of a histogram's buckets.</summary>
    public double[] Buckets { get; init; } = [];

    /// <summary>When it has values, where a quiet system has none; null for one that has them after a call of each kind.</summary>
    public string? AppearsWith { get; init; }

    /// <summary>Where the name that follows from <see cref="Name"/> means something else to Prometheus, as a gauge that ends in <c>_count</c> does.</summary>
    public string? OtherPrometheusName { get; init; }

    public string PrometheusName => OtherPrometheusName ?? PrometheusNames.Of(Name, Unit, Kind);

    /// <summary>Series that are there from the start, with 0, so that the first event is an increase: all label sets of a counter, where they are known.</summary>
    internal IEnumerable<KeyValuePair<string, object?>[]> KnownSeries() => this switch
    {
        { Kind: not MetricKind.Counter } => [],
        { Labels: [] } => [[]],
        { Labels: [{ Values.Length: > 0 } only] } => only.Values.Select(value => new[] { new KeyValuePair<string, object?>(only.Name, value) }),
        _ => [],
    };
}

/// <summary>Names as OpenTelemetry's specification maps them to Prometheus: unit and <c>_total</c> at the end.</summary>
internal static class PrometheusNames
{
    public static string Of(string name, string? unit, MetricKind kind)
    {
        var text = new StringBuilder(Clean(name, colons: true));
        if (UnitName(unit, kind) is { } suffix && !EndsWith(text, suffix))
        {
            text.Append('_').Append(suffix);
        }

        if (kind == MetricKind.Counter && !EndsWith(text, "total"))
        {
            text.Append("_total");
        }

        return text.ToString();
    }

    public static string OfLabel(string name) => Clean(name, colons: false);

    // [a-zA-Z_:][a-zA-Z0-9_:]*, without colons for labels. Runs of others become one underscore.
    private static string Clean(string name, bool colons)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c) || (colons && c == ':'))
            {
                if (text.Length == 0 && char.IsAsciiDigit(c))
                {
                    text.Append('_');
                }

                text.Append(c);
            }
            else if (text.Length == 0 || text[^1] != '_')
            {
                text.Append('_');
            }
        }

        return text.Length == 0 ? "_" : text.ToString();
    }

    private static bool EndsWith(StringBuilder text, string word) => text.ToString().EndsWith("_" + word, StringComparison.Ordinal);

    private static string? UnitName(string? unit, MetricKind kind) => unit switch
    {
        null or "" => null,
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "1" => kind == MetricKind.Gauge ? "ratio" : null,
        "%" => "percent",
        // An annotation: what is counted, and no unit.
        ['{', ..] => null,
        _ => Clean(unit, colons: false),
    };
}
