using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Providers.Gemini;

/// <summary>Whole calls on Gemini's wire: what the client gets, what was sent, what was paid.</summary>
[Collection(SharedRouting.Name)]
public sealed class GeminiCallTests(RoutingFixture fixture)
{
    private const long Grant = 100_000_000_000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Text_comes_whole_and_thoughts_and_cached_tokens_are_charged_exactly(bool stream)
    {
        var model = fixture.NextGemini();
        fixture.Provider.On(model, new Script
        {
            Thinking = ["Hm. ", "So."],
            Pieces = ["Grüße", ", 世界", " 🚀\n"],
            PromptTokens = 1003,
            CachedTokens = 501,
            WriteSize = 5,
        });
        var call = new TestCall(model) { Stream = stream, IncludeUsage = true, MaxTokens = 300 };

        var answer = await call.RunAsync(fixture.Host);

        (stream ? answer.Text : Message(answer).GetProperty("content").GetString()).ShouldBe("Grüße, 世界 🚀\n");
        var usage = answer.Last.GetProperty("usage");
        usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().ShouldBe(501);
        usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32().ShouldBe(2);
        var cost = RoutingFixture.Cost(1003, 5, cached: 501);
        (answer.Ended!.PromptTokens, answer.Ended.OutputTokens, answer.Ended.CostNanoUsd).ShouldBe((1003, 5, cost));
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - cost, 0));
        var sent = fixture.Provider.CallsOf(model).Single();
        (sent.Key, sent.MaxTokens, sent.Stream, sent.Query).ShouldBe(("key-of-" + model, 300, stream, stream ? "?alt=sse" : ""));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Parallel_calls_go_there_and_back_with_or_without_their_signature(bool stream, bool keepsSignature)
    {
        // The fake refuses a turn whose first call has no signature, and one with a signature that it did not give.
        var model = fixture.NextGemini();
        fixture.Provider.On(model, new Script { ToolCalls = [new("weather", """{"city":"Oslo"}"""), new("now")] }, new Script { Pieces = ["Rain."] });
        const string Tools = """[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}},{"type":"function","function":{"name":"now"}}]""";
        const string User = """{"role":"user","content":"What is it like?"}""";

        var first = await new TestCall(model) { Stream = stream, Body = $$"""{"messages":[{{User}}],"tools":{{Tools}}}""" }.RunAsync(fixture.Host);
        var calls = (stream ? Deltas(first) : Message(first).GetProperty("tool_calls").EnumerateArray()).Select(call => call.GetRawText()).ToList();
        calls.Count.ShouldBe(2);
        calls[0].ShouldContain(Script.DefaultSignature);
        var ids = calls.Select(call => JsonDocument.Parse(call).RootElement.GetProperty("id").GetString()).ToList();
        var sent = string.Join(',', keepsSignature ? calls : calls.Select(call => call.Replace("extra_content", "lost", StringComparison.Ordinal)));
        var second = await new TestCall(model)
        {
            Stream = stream,
            Body = $$"""
                {"messages":[{{User}},{"role":"assistant","content":null,"tool_calls":[{{sent}}]},
                {"role":"tool","tool_call_id":"{{ids[1]}}","content":"12:00"},{"role":"tool","tool_call_id":"{{ids[0]}}","content":"7 degrees"}],"tools":{{Tools}}}
                """,
        }.RunAsync(fixture.Host);

        second.Failed.ShouldBeNull();
        (stream ? second.Text : Message(second).GetProperty("content").GetString()).ShouldBe("Rain.");
        Finish(first, stream).ShouldBe("tool_calls");
        Finish(second, stream).ShouldBe("stop");
    }

    [Fact]
    public async Task An_answer_that_Google_withholds_is_a_filtered_one()
    {
        var model = fixture.NextGemini();
        fixture.Provider.On(model, Script.Fails(Fault.ContentPolicy));

        Finish(await new TestCall(model).RunAsync(fixture.Host), stream: true).ShouldBe("content_filter");
        Finish(await new TestCall(model) { Stream = false }.RunAsync(fixture.Host), stream: false).ShouldBe("content_filter");
    }

    [Theory]
    [InlineData(Fault.WrongKey, CallFailure.ProviderAuth, "")]
    [InlineData(Fault.NoKey, CallFailure.ProviderAuth, "")]
    [InlineData(Fault.RateLimited, CallFailure.ProviderRateLimited, "")]
    [InlineData(Fault.CreditSpent, CallFailure.NoAvailableProvider, "")]
    [InlineData(Fault.Overloaded, CallFailure.ProviderError, "")]
    [InlineData(Fault.Timeout, CallFailure.ProviderTimeout, "")]
    [InlineData(Fault.PromptTooLong, CallFailure.ProviderRefused, "context_length_exceeded")]
    [InlineData(Fault.UnknownModel, CallFailure.ProviderRefused, "model_not_found")]
    public async Task A_refusal_keeps_its_meaning(Fault fault, CallFailure failure, string code)
    {
        var model = fixture.NextGemini();
        fixture.Provider.On(model, Script.Fails(fault, retryAfter: "7"));
        var call = new TestCall(model);

        var failed = (await call.RunAsync(fixture.Host)).Failed.ShouldNotBeNull();

        (failed.Failure, failed.Code).ShouldBe((failure, code));
        if (fault == Fault.RateLimited)
        {
            failed.RetryAfterMs.ShouldBe(7000);
        }

        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.ErrorTail)]
    public async Task A_stream_that_does_not_end_well_is_never_whole(Ending ending)
    {
        var model = fixture.NextGemini();
        fixture.Provider.On(model, new Script { Chunks = 6, EndAfter = 3, Ending = ending });

        var answer = await new TestCall(model).RunAsync(fixture.Host);

        // What arrives together with the fault is not shown either.
        answer.Kinds.ShouldMatch("^(Sc+)?F$");
        answer.Chunks.ShouldAllBe(chunk => !chunk.Contains("\"finish_reason\":\""));
    }

    [Fact]
    public async Task A_field_that_the_model_does_not_have_is_refused_by_its_name_and_nothing_is_sent()
    {
        var model = fixture.NextGemini();

        var answer = await new TestCall(model) { Body = """{"messages":[{"role":"user","content":"Hi"}],"logit_bias":{"1":2}}""" }.RunAsync(fixture.Host);

        (answer.Failed!.Failure, answer.Failed.Param, answer.Failed.Code).ShouldBe((CallFailure.InvalidRequest, "logit_bias", "unsupported_parameter"));
        fixture.Provider.CallsOf(model).ShouldBeEmpty();
    }

    private static JsonElement Message(TestAnswer answer) => answer.Last.GetProperty("choices")[0].GetProperty("message");

    private static IEnumerable<JsonElement> Deltas(TestAnswer answer) =>
        from chunk in answer.Chunks
        from choice in JsonDocument.Parse(chunk).RootElement.GetProperty("choices").EnumerateArray()
        where choice.GetProperty("delta").TryGetProperty("tool_calls", out _)
        from call in choice.GetProperty("delta").GetProperty("tool_calls").EnumerateArray()
        select call;

    private static string? Finish(TestAnswer answer, bool stream) => stream
        ? answer.Chunks.Select(chunk => JsonDocument.Parse(chunk).RootElement.GetProperty("choices"))
            .Last(choices => choices.GetArrayLength() > 0)[0].GetProperty("finish_reason").GetString()
        : answer.Last.GetProperty("choices")[0].GetProperty("finish_reason").GetString();
}
