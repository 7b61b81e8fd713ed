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

        // Each process exports in its own time, so the trace is waited for until it is whole: one root, at the gateway, every parent in
        // it, and the settlement, which is the last that a call does.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var trace = await collector.WaitForTraceAsync(
            spans => spans.Any(span => span.Name.Contains("/v1/chat/completions")) && spans.Any(span => span.Name.Contains("Settle")) && IsOneTree(spans),
            limit.Token);

        trace.Select(span => span.Service).Distinct().ShouldBe(GatewaySystem.Services, ignoreOrder: true);
        trace.Single(span => span.ParentId.Length == 0).Service.ShouldBe("gateway");
    }

    private static bool IsOneTree(IReadOnlyList<CollectedSpan> spans)
    {
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        return spans.Count(span => span.ParentId.Length == 0) == 1
            && spans.All(span => span.ParentId.Length == 0 || ids.Contains(span.ParentId))
            && GatewaySystem.Services.All(service => spans.Any(span => span.Service == service));
    }
}
