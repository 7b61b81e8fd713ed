using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmGateway.Testing;

namespace LlmGateway.ServiceDefaults.Tests.Metrics;

/// <summary>What deploy/monitoring asks for is what the services have, and each alert fires when it should and no earlier.</summary>
public sealed partial class MonitoringFilesTests
{
    private const int Milliseconds = 1000;
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "deploy", "monitoring");
    private static readonly string[] Owners = ["the gateway", "Routing", "Billing", "every service"];
    private static readonly string[] OfPrometheus = ["job", "instance", "le", "alertname"];

    [Fact]
    public async Task Prometheus_takes_its_configuration_and_the_alerts()
    {
        (await RunAsync("promtool", "check", "config", "prometheus.yml")).ShouldBe("");
        (await RunAsync("promtool", "test", "rules", "alerts.test.yml")).ShouldBe("");
    }

    [Fact]
    public async Task Alertmanager_takes_its_configuration() => (await RunAsync("amtool", "check-config", "alertmanager.yml")).ShouldBe("");

    [Fact]
    public async Task Each_alert_has_a_test_in_which_it_is_quiet_and_one_in_which_it_fires()
    {
        var tests = await File.ReadAllTextAsync(Path.Combine(Folder, "alerts.test.yml"));
        foreach (var alert in AlertName().Matches(await File.ReadAllTextAsync(Path.Combine(Folder, "alerts.yml"))).Select(match => match.Groups["it"].Value))
        {
            tests.ShouldMatch($@"alertname: {alert}\n +exp_alerts: \[\]");
            tests.ShouldMatch($@"alertname: {alert}\n +exp_alerts:\n");
        }
    }

    [Fact]
    public async Task Alerts_and_panels_ask_for_metrics_and_labels_that_exist()
    {
        var documented = Owners.SelectMany(MetricDocs.Read).ToList();
        documented.Count.ShouldBeGreaterThan(50);
        var names = documented.SelectMany(NamesOf).Append("up").ToHashSet();
        var labels = documented.SelectMany(metric => metric.Labels).Concat(OfPrometheus).ToHashSet();
        var expressions = (await AlertsAsync()).Concat(await PanelsAsync()).ToList();
        expressions.Count.ShouldBeGreaterThan(50);

        foreach (var expression in expressions)
        {
            var query = new PromQuery(expression);
            query.Metrics.ShouldNotBeEmpty(expression);
            query.Metrics.Where(name => !names.Contains(name)).ShouldBeEmpty(expression);
            query.Labels.Where(label => !labels.Contains(label)).ShouldBeEmpty(expression);
        }
    }

    private static IEnumerable<string> NamesOf(DocumentedMetric metric) => metric.Kind == "histogram"
        ? [$"{metric.Name}_bucket", $"{metric.Name}_sum", $"{metric.Name}_count"]
        : [metric.Name];

    // "expr: …" on its line, or "expr: |" and the deeper lines below.
    private static async Task<IEnumerable<string>> AlertsAsync() =>
        Expression().Matches(await File.ReadAllTextAsync(Path.Combine(Folder, "alerts.yml"))).Select(match => match.Groups["it"].Value);

    private static async Task<IEnumerable<string>> PanelsAsync()
    {
        using var dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "grafana", "llmgateway.json")));
        return [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)];
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync() + await error;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? "" : said;
    }

    [GeneratedRegex(@"- alert: (?<it>\w+)", RegexOptions.ExplicitCapture, Milliseconds)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"expr: (?:\|\n)?(?<it>.+(?:\n {10,}.+)*)", RegexOptions.ExplicitCapture, Milliseconds)]
    private static partial Regex Expression();

    /// <summary>What a PromQL expression asks for. There is no parser of it for .NET; promtool checks the grammar, this looks at the words.</summary>
    private sealed partial class PromQuery
    {
        private static readonly string[] Keywords = ["by", "without", "on", "ignoring", "group_left", "group_right", "or", "and", "unless", "offset", "bool"];

        public PromQuery(string expression)
        {
            var selectors = Selector().Matches(expression).Select(match => match.Groups["it"].Value).ToList();
            var groupings = Grouping().Matches(expression).Select(match => match.Groups["it"].Value).ToList();
            Labels = [.. selectors.SelectMany(selector => Matcher().Matches(selector).Select(match => match.Groups["it"].Value))
                .Concat(groupings.SelectMany(grouping => grouping.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))];
            var rest = Range().Replace(Selector().Replace(Grouping().Replace(expression, " "), " "), " ");
            Metrics = [.. Word().Matches(rest).Select(match => match.Value).Where(word => !Keywords.Contains(word) && !Duration().IsMatch(word))];
        }

        public IReadOnlyList<string> Metrics { get; }

        public IReadOnlyList<string> Labels { get; }

        [GeneratedRegex(@"\{(?<it>[^}]*)\}", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Selector();

        [GeneratedRegex(@"(?<it>\w+)\s*(?:=~|!~|!=|=)", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Matcher();

        [GeneratedRegex(@"\b(?:by|without|on|ignoring)\s*\((?<it>[^)]*)\)", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Grouping();

        [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Range();

        // A name that no parenthesis follows: a function has one.
        [GeneratedRegex(@"\b[a-zA-Z_]\w*\b(?!\s*\()", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Word();

        [GeneratedRegex(@"^\d+\w$", RegexOptions.ExplicitCapture, Milliseconds)]
        private static partial Regex Duration();
    }
}
