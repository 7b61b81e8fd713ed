using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;

namespace LlmGateway.Functional.Tests;

public sealed class TraceTests
{
    [Fact]
    public async Task One_call_is_one_trace_through_the_four_processes()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var system = await GatewaySystem.StartAsync(new SystemSettings
        {
            Environment =
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            },
        });

        (await new ChatCall(system.Http, GatewaySystem.Model).StreamAsync()).Ended.ShouldBeTrue();

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var trace = await collector.WaitForTraceAsync(
            spans => spans.Any(span => span.Name.Contains("/v1/chat/completions"))
                && GatewaySystem.Services.All(service => spans.Any(span => span.Service == service))
                && spans.Any(span => span.Name.Contains("Settle")),
            limit.Token);

        // A tree with one root, and every parent in it.
        var ids = trace.Select(span => span.SpanId).ToHashSet();
        trace.Count(span => span.ParentId.Length == 0).ShouldBe(1);
        trace.Where(span => span.ParentId.Length > 0).ShouldAllBe(span => ids.Contains(span.ParentId));
        trace.Single(span => span.ParentId.Length == 0).Service.ShouldBe("gateway");
    }
}
