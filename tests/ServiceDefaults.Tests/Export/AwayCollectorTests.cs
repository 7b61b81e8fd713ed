using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LlmGateway.ServiceDefaults.Export;
using LlmGateway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace LlmGateway.ServiceDefaults.Tests.Export;

public sealed class AwayCollectorTests
{
    private const int Spans = 2_000;

    [Fact]
    public void A_dead_collector_holds_up_no_span_and_each_is_counted_once() => Emit($"http://127.0.0.1:{FreePort.Next()}");

    [Fact]
    public void A_collector_that_never_answers_holds_up_no_span_and_each_is_counted_once()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        Emit($"http://{silent.LocalEndpoint}");
    }

    [Fact]
    public async Task A_collector_that_answers_gets_what_is_counted()
    {
        await using var collector = await OtlpCollector.StartAsync();

        Emit(collector.Endpoint, timeoutMilliseconds: 10_000).ShouldBe(collector.Spans.Count);
        collector.Spans.Count.ShouldBeGreaterThan(0);
    }

    /// <returns>How many were exported.</returns>
    private static long Emit(string endpoint, int timeoutMilliseconds = 300)
    {
        var settings = new OtlpSettings(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_TIMEOUT"] = timeoutMilliseconds.ToString(CultureInfo.InvariantCulture),
            ["OTEL_BSP_MAX_QUEUE_SIZE"] = "100",
            ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] = "100",
        }).Build());
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        using var counts = new ExportCounts("otlp", "traces", meters);
        using var tally = new ExportTally(meters);
        using var source = new ActivitySource($"AwayCollectorTests {Guid.NewGuid()}");
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource(source.Name).AddProcessor(OtlpExport.Spans(settings, tally)).Build();

        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < Spans; i++)
        {
            source.StartActivity("work")!.Dispose();
        }

        // Far above what a span costs, and below one attempt to export.
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromMilliseconds(250));
        provider.Shutdown(10_000);
        (counts.Exported + counts.NotDelivered + counts.QueueFull).ShouldBe(Spans);
        return counts.Exported;
    }
}
