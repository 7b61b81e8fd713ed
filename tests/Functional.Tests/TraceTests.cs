using LlmGateway.SystemUnderTest;
using LlmGateway.Testing;
using LlmGateway.Testing.Otlp;

namespace LlmGateway.Functional.Tests;

public sealed class TraceTests
{
    private const int Client = 3;

    [Fact]
    public async Task One_call_is_one_trace_through_the_four_processes()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var langfuse = await TelemetryReceiver.StartAsync();
        await using var system = await GatewaySystem.StartAsync(new SystemSettings
        {
            Environment =
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["LANGFUSE_ENABLED"] = "true",
                ["LANGFUSE_PUBLIC_KEY"] = "pk-lf-test",
                ["LANGFUSE_SECRET_KEY"] = "sk-lf-test",
                ["LANGFUSE_HOST"] = langfuse.Address,
            },
        });

        (await new ChatCall(system.Http, GatewaySystem.Model).StreamAsync()).Ended.ShouldBeTrue();

        // Each process exports in its own time, so the trace is waited for until it is whole: one root, at the gateway, every parent in
        // it, and the settlement, which is the last that a call does.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var trace = await collector.WaitForTraceAsync(
            spans => spans.Any(span => span.Name.Contains("/v1/chat/completions")) && spans.Any(span => span.Name.Contains("Settle"))
                && spans.Any(IsProviderCall) && spans.Any(span => span is { Service: "billing", Scope: "Npgsql" }) && IsOneTree(spans),
            limit.Token);

        trace.Select(span => span.Service).Distinct().ShouldBe(GatewaySystem.Services, ignoreOrder: true);
        trace.Single(span => span.ParentId.Length == 0).Service.ShouldBe("gateway");

        var call = trace.Single(IsProviderCall);
        call.ShouldSatisfyAllConditions(
            () => call.Service.ShouldBe("routing"),
            () => call.Kind.ShouldBe(Client),
            () => call.Name.ShouldBe($"chat {GatewaySystem.Model}"),
            () => call.Attributes["gen_ai.provider.name"].ShouldBe("openai"),
            () => call.Attributes["gen_ai.request.model"].ShouldBe(GatewaySystem.Model),
            () => call.Attributes["gen_ai.request.stream"].ShouldBe(true),
            () => call.Attributes["llmgateway.attempt.outcome"].ShouldBe("ok"),
            () => call.Attributes["llmgateway.request.id"].ShouldBeOfType<string>().ShouldStartWith("req_"),
            () => call.Attributes["user.id"].ShouldBeOfType<string>().ShouldNotBeEmpty(),
            () => call.Attributes["gen_ai.usage.input_tokens"].ShouldBeOfType<long>().ShouldBePositive(),
            () => call.Attributes["gen_ai.usage.output_tokens"].ShouldBeOfType<long>().ShouldBePositive(),
            () => call.Attributes["gen_ai.usage.cost"].ShouldBeOfType<double>().ShouldBePositive());
        trace.ShouldContain(span => span.Scope == "System.Net.Http" && span.ParentId == call.SpanId);

        // Langfuse gets the provider call of the same trace, and no other span.
        var exported = ExportTraceServiceRequest.Parser.ParseFrom((await langfuse.NextAsync()).Body);
        var observation = exported.ResourceSpans.ShouldHaveSingleItem().ScopeSpans.ShouldHaveSingleItem().Spans.ShouldHaveSingleItem();
        Convert.ToHexStringLower(observation.SpanId.Span).ShouldBe(call.SpanId);
        observation.Attributes.Single(each => each.Key == "gen_ai.usage.cost").Value.DoubleValue.ShouldBe(call.Attributes["gen_ai.usage.cost"]);
    }

    private static bool IsProviderCall(CollectedSpan span) => span.Attributes.ContainsKey("gen_ai.operation.name");

    private static bool IsOneTree(IReadOnlyList<CollectedSpan> spans)
    {
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        return spans.Count(span => span.ParentId.Length == 0) == 1
            && spans.All(span => span.ParentId.Length == 0 || ids.Contains(span.ParentId))
            && GatewaySystem.Services.All(service => spans.Any(span => span.Service == service));
    }
}
