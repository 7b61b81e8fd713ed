using System.Diagnostics.Metrics;
using LlmGateway.ServiceDefaults.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace LlmGateway.ServiceDefaults.Tests.Metrics;

public sealed class PrometheusExporterTests
{
    private static readonly MetricRow Calls = new("test.calls", MetricKind.Counter, "{call}", "Calls.", "outcome");
    private static readonly MetricRow Quiet = new("test.quiet", MetricKind.Counter, "{call}", "Calls that did not come yet.");
    private static readonly MetricRow Reasons = new("test.refused", MetricKind.Counter, "{call}", "By reason.", new MetricLabel("reason", "first", "second"));
    private static readonly MetricRow Duration = new("test.duration", MetricKind.Histogram, "s", "How long.", "outcome") { Buckets = [0.1, 1] };
    private static readonly MetricRow Open = new("test.open", MetricKind.Gauge, "By", "A \\ and\na line.");

    [Fact]
    public async Task Each_kind_is_written_as_the_format_has_it()
    {
        using var metrics = new Collected(Calls, Quiet, Reasons, Duration, Open);
        metrics.Meter.Counter(Calls).Add(3, new KeyValuePair<string, object?>("outcome", "a\"b\\c\nd"));
        metrics.Meter.Counter(Reasons).Add(2, new KeyValuePair<string, object?>("reason", "second"));
        var duration = metrics.Meter.Histogram(Duration);
        foreach (var seconds in (double[])[0.05, 0.1, 0.5, 7])
        {
            duration.Record(seconds, new KeyValuePair<string, object?>("outcome", true));
        }

        metrics.Meter.Gauge(Open).Record(-5);

        var page = metrics.Read();

        page.ShouldBe("""
            # HELP target_info Which process this is.
            # TYPE target_info gauge
            target_info{service_name="tests"} 1
            # HELP test_calls_total Calls.
            # TYPE test_calls_total counter
            test_calls_total{outcome="a\"b\\c\nd"} 3
            # HELP test_refused_total By reason.
            # TYPE test_refused_total counter
            test_refused_total{reason="second"} 2
            test_refused_total{reason="first"} 0
            # HELP test_duration_seconds How long.
            # TYPE test_duration_seconds histogram
            test_duration_seconds_bucket{outcome="true",le="0.1"} 2
            test_duration_seconds_bucket{outcome="true",le="1"} 3
            test_duration_seconds_bucket{outcome="true",le="+Inf"} 4
            test_duration_seconds_sum{outcome="true"} 7.65
            test_duration_seconds_count{outcome="true"} 4
            # HELP test_open_bytes A \\ and\na line.
            # TYPE test_open_bytes gauge
            test_open_bytes -5
            # HELP test_quiet_total Calls that did not come yet.
            # TYPE test_quiet_total counter
            test_quiet_total 0

            """.ReplaceLineEndings("\n"));
        (await Scrape.LintAsync(page)).ShouldBe("");
    }

    [Theory]
    [InlineData("llm.requests", "{request}", MetricKind.Counter, "llm_requests_total")]
    [InlineData("llm.requests.duration", "s", MetricKind.Histogram, "llm_requests_duration_seconds")]
    [InlineData("dotnet.gc.heap.total_allocated", "By", MetricKind.Counter, "dotnet_gc_heap_total_allocated_bytes_total")]
    [InlineData("already.in_seconds", "s", MetricKind.Gauge, "already_in_seconds")]
    [InlineData("a.share", "1", MetricKind.Gauge, "a_share_ratio")]
    [InlineData("4xx..of-a/day", "{x}", MetricKind.Gauge, "_4xx_of_a_day")]
    public void Names_end_with_their_unit_and_counters_with_total(string name, string unit, MetricKind kind, string expected) =>
        PrometheusNames.Of(name, unit, kind).ShouldBe(expected);

    [Fact]
    public void A_label_that_no_row_has_makes_no_series()
    {
        using var metrics = new Collected(Calls);
        var calls = metrics.Meter.Counter(Calls);
        for (var key = 0; key < 10_000; key++)
        {
            calls.Add(1, new KeyValuePair<string, object?>("outcome", "ok"), new KeyValuePair<string, object?>("key", key));
        }

        var page = metrics.Read();

        Scrape.Value(page, "test_calls_total{outcome=\"ok\"}").ShouldBe(10_000);
        page.Split('\n').Count(line => line.StartsWith("test_calls_total", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_counter_never_falls_and_loses_nothing_while_it_is_read()
    {
        using var metrics = new Collected(Calls, Duration);
        var (calls, duration) = (metrics.Meter.Counter(Calls), metrics.Meter.Histogram(Duration));
        var writers = Parallel.ForAsync(0, 80_000, (_, _) =>
        {
            calls.Add(1, new KeyValuePair<string, object?>("outcome", "ok"));
            duration.Record(0.5);
            return ValueTask.CompletedTask;
        });

        var last = 0d;
        while (!writers.IsCompleted)
        {
            var page = metrics.Read();
            var now = Scrape.Value(page, "test_calls_total{outcome=\"ok\"}") ?? 0;
            now.ShouldBeGreaterThanOrEqualTo(last);
            Scrape.Value(page, "test_duration_seconds_count").ShouldBe(Scrape.Value(page, "test_duration_seconds_bucket{le=\"+Inf\"}"));
            last = now;
        }

        await writers;
        Scrape.Value(metrics.Read(), "test_calls_total{outcome=\"ok\"}").ShouldBe(80_000);
        Scrape.Value(metrics.Read(), "test_duration_seconds_count").ShouldBe(80_000);
    }

    [Fact]
    public void A_row_is_once_in_its_table_and_gives_only_its_own_kind_of_instrument()
    {
        var table = new MetricTable("LlmGateway.Tests.Twice");
        table.Add(Calls);

        Should.Throw<ArgumentException>(() => table.Add(Calls with { Meaning = "Others." }));
        using var meter = new Meter(table.MeterName);
        Should.Throw<ArgumentException>(() => meter.Gauge(Calls));
    }

    private sealed class Collected : IDisposable
    {
        private readonly PrometheusExporter _exporter;
        private readonly MeterProvider _provider;

        public Collected(params MetricRow[] rows)
        {
            var tables = new[] { MetricTable.Of($"LlmGateway.Tests.{Guid.NewGuid():N}", rows) };
            Meter = new Meter(tables[0].MeterName);
            _exporter = new PrometheusExporter(tables, new Dictionary<string, object> { ["service.name"] = "tests" });
            _provider = Sdk.CreateMeterProviderBuilder().AddMeter(Meter.Name).AddView(new MetricViews(tables).Of)
                .AddReader(new BaseExportingMetricReader(_exporter)).Build();
        }

        public Meter Meter { get; }

        public string Read() => System.Text.Encoding.UTF8.GetString(_exporter.Render());

        public void Dispose()
        {
            _provider.Dispose();
            Meter.Dispose();
        }
    }
}
