using System.Diagnostics.Metrics;
using System.Text;
using LlmGateway.ServiceDefaults.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Testing;

/// <summary>A metric as docs/operations.md has it.</summary>
/// <param name="Name">For Prometheus.</param>
/// <param name="Kind">counter, gauge or histogram.</param>
/// <param name="Labels">All that it may have.</param>
/// <param name="AppearsWith">Empty for one that is there after a call of each kind.</param>
public sealed record DocumentedMetric(string Name, string Kind, IReadOnlyList<string> Labels, string AppearsWith);

/// <summary>The tables of metrics in docs/operations.md, which are made from the tables in code.</summary>
public static class MetricDocs
{
    private static readonly string Path = System.IO.Path.Combine(RepositoryRoot.Path, "docs", "operations.md");

    /// <summary>What the documentation has for the tables, and what it should have; the same after UPDATE_GOLDEN=1.</summary>
    /// <param name="owner">"the gateway", "Routing", "Billing" or "every service".</param>
    public static (string Written, string Expected) Compare(string owner, params MetricTable[] tables)
    {
        var expected = Table(owner, tables);
        var text = File.ReadAllText(Path);
        var (begin, end) = Bounds(text, owner);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Path, text[..begin] + expected + text[end..]);
            return (expected, expected);
        }

        return (text[begin..end], expected);
    }

    /// <inheritdoc cref="Compare"/>
    public static IReadOnlyList<DocumentedMetric> Read(string owner)
    {
        var text = File.ReadAllText(Path);
        var (begin, end) = Bounds(text, owner);
        return [.. text[begin..end].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line =>
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            return new DocumentedMetric(
                cells[1].Trim('`'), cells[2], cells[3].Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(label => label.Trim('`')).ToList(), cells[5]);
        })];
    }

    /// <summary>Names of the instruments that a meter gets by the action.</summary>
    public static IReadOnlyList<string> InstrumentsOf(string meter, Action<IServiceProvider> create)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var names = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == meter && instrument.Meter.Scope == factory)
                {
                    names.Add(instrument.Name);
                }
            },
        };
        listener.Start();
        create(services);
        return names;
    }

    private static string Table(string owner, MetricTable[] tables)
    {
        var text = new StringBuilder($"| {owner} | kind | labels | what | there with |\n|---|---|---|---|---|\n");
        foreach (var row in tables.SelectMany(table => table.Rows))
        {
            var labels = string.Join(", ", row.Labels.Select(label => $"`{label.Name.Replace('.', '_')}`"));
            text.Append($"| `{row.PrometheusName}` | {row.Kind.ToString().ToLowerInvariant()} | {labels} | {row.Meaning} | {row.AppearsWith} |\n");
        }

        return text.ToString();
    }

    private static (int Begin, int End) Bounds(string text, string owner)
    {
        var (head, tail) = ($"<!-- metrics of {owner}: UPDATE_GOLDEN=1 writes them -->\n", $"<!-- end of {owner}'s -->");
        var begin = text.IndexOf(head, StringComparison.Ordinal);
        var end = text.IndexOf(tail, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? (begin + head.Length, end)
            : throw new InvalidOperationException($"docs/operations.md has no place for the metrics of {owner}.");
    }
}
