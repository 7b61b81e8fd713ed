using System.Diagnostics;
using System.Text;
using System.Text.Json;
using LlmGateway.Testing;
using LlmGateway.Testing.Otlp;
using Microsoft.Extensions.Options;

namespace LlmGateway.ServiceDefaults.Tests.Export;

public sealed class LangfuseTests
{
    [Fact]
    public async Task A_provider_call_arrives_with_usage_cost_and_user_and_nothing_else_does()
    {
        using var source = new ActivitySource("LlmGateway.LangfuseTests");
        await using var langfuse = await TelemetryReceiver.StartAsync();
        await using (await TestHost.StartAsync(_ => { }, environment: "Staging", settings: [
            ("Langfuse:Enabled", "true"), ("Langfuse:PublicKey", "pk-lf-1"), ("Langfuse:SecretKey", "sk+/="), ("Langfuse:Host", langfuse.Address + "/"),
            ("OTEL_SERVICE_NAME", "probe")]))
        {
            using var request = source.StartActivity("a request");
            using var call = source.StartActivity("chat gpt-x", ActivityKind.Client);
            call!.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.request.model", "gpt-x").SetTag("user.id", "acct_1")
                .SetTag("gen_ai.usage.input_tokens", 100L).SetTag("gen_ai.usage.output_tokens", 30L)
                .SetTag("gen_ai.usage.cache_read.input_tokens", 40L).SetTag("gen_ai.usage.cache_creation.input_tokens", 10L)
                .SetTag("gen_ai.usage.reasoning.output_tokens", 5L).SetTag("gen_ai.usage.cost", 0.00125)
                .SetTag("gen_ai.response.time_to_first_chunk", 0.5);
        }

        var received = await langfuse.NextAsync();
        received.Path.ShouldBe("/api/public/otel/v1/traces");
        received.Headers["Content-Type"].ShouldBe("application/x-protobuf");
        received.Headers["Authorization"].ShouldBe("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("pk-lf-1:sk+/=")));
        langfuse.Rest().ShouldBeEmpty();

        var resource = ExportTraceServiceRequest.Parser.ParseFrom(received.Body).ResourceSpans.ShouldHaveSingleItem();
        resource.Resource.Attributes.Single(each => each.Key == "service.name").Value.StringValue.ShouldBe("probe");
        var span = resource.ScopeSpans.ShouldHaveSingleItem().Spans.ShouldHaveSingleItem();
        span.Name.ShouldBe("chat gpt-x");
        var attributes = span.Attributes.ToDictionary(each => each.Key, each => each.Value);
        attributes["user.id"].StringValue.ShouldBe("acct_1");
        attributes["gen_ai.usage.cost"].DoubleValue.ShouldBe(0.00125);
        attributes["langfuse.trace.name"].StringValue.ShouldBe("chat gpt-x");
        attributes["langfuse.environment"].StringValue.ShouldBe("staging");
        attributes.ShouldContainKey("langfuse.observation.completion_start_time");
        var usage = JsonSerializer.Deserialize<Dictionary<string, long>>(attributes["langfuse.observation.usage_details"].StringValue)!;
        usage["input"].ShouldBe(50);
        usage["output"].ShouldBe(25);
        usage["total"].ShouldBe(130);
        usage.Where(kind => kind.Key != "total").Sum(kind => kind.Value).ShouldBe(130);
    }

    [Fact]
    public async Task Without_keys_the_start_names_both()
    {
        var refusal = await Should.ThrowAsync<OptionsValidationException>(() => TestHost.StartAsync(_ => { }, settings: [
            ("Langfuse:Enabled", "true"), ("Langfuse:Host", "localhost:3000")]));

        refusal.Failures.Count().ShouldBe(3);
        refusal.Message.ShouldContain("LANGFUSE_PUBLIC_KEY");
        refusal.Message.ShouldContain("LANGFUSE_SECRET_KEY");
        refusal.Message.ShouldContain("LANGFUSE_HOST");
    }
}
