using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>Whole calls to Claude models: what the provider gets, what the client gets, what is paid.</summary>
public sealed class AnthropicCallTests(AnthropicFixture fixture) : IClassFixture<AnthropicFixture>
{
    private const long Grant = 100_000_000_000;

    private const string Tools =
        """
        [{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
         {"type":"function","function":{"name":"clock"}}]
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_call_is_charged_exactly_with_what_the_cache_gave_and_took(bool stream)
    {
        fixture.Provider.On(AnthropicFixture.Haiku, new Script
        {
            Chunks = 5,
            PromptTokens = 2981,
            CachedTokens = 2048,
            CacheWriteTokens = 912,
            CacheWrite1hTokens = 400,
            CompletionTokens = 503,
        });
        var call = new TestCall(AnthropicFixture.Haiku) { Stream = stream, IncludeUsage = stream };

        var answer = await call.RunAsync(fixture.Host);

        var cost = AnthropicFixture.Cost(21, 503, cached: 2048, written: 512, hour: 400);
        answer.Kinds.ShouldEndWith("E");
        (answer.Started!.Provider, answer.Ended!.PromptTokens, answer.Ended.OutputTokens, answer.Ended.CostNanoUsd).ShouldBe(("anthropic", 2981, 503, cost));
        answer.Last.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(cost / 1_000_000_000m);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - cost, 0));
        var sent = fixture.Provider.CallsOf(AnthropicFixture.Haiku)[^1];
        (sent.Path, sent.Key, sent.Headers["anthropic-version"], sent.Stream).ShouldBe(("/v1/messages", AnthropicFixture.Key(AnthropicFixture.Haiku), "2023-06-01", stream));
    }

    [Theory]
    [InlineData(UsagePlacement.EveryChunk)]
    [InlineData(UsagePlacement.FirstChunk)]
    [InlineData(UsagePlacement.FinishChunk)]
    public async Task Usage_counts_wherever_it_stands(UsagePlacement placement)
    {
        fixture.Provider.On(AnthropicFixture.Haiku, new Script { Chunks = 4, PromptTokens = 30, Usage = placement, Accents = true });

        var answer = await new TestCall(AnthropicFixture.Haiku).RunAsync(fixture.Host);

        (answer.Text, answer.Ended!.CostNanoUsd).ShouldBe(("word0 word1 word2 word3 ", AnthropicFixture.Cost(30, 4)));
    }

    /// <summary>R43: thinking and parallel calls go to a client of OpenAI's wire and come back whole.</summary>
    [Fact]
    public async Task Parallel_tools_with_thinking_make_the_round_trip()
    {
        fixture.Provider.On(
            AnthropicFixture.Haiku,
            new Script { Thinking = ["Two ", "calls."], RedactedThinking = "b3BhcXVl", Pieces = ["I look."], ToolCalls = [new("weather", """{"city":"Pa\"ris"}"""), new("clock", "")] },
            new Script { Pieces = ["Sunny at noon."] });
        const string question = """{"role":"user","content":"Weather in Paris, and the time?"}""";
        var first = await Ask(question, stream: true).RunAsync(fixture.Host);
        var said = Assembled(first);

        var second = await Ask($$"""{{question}},{{said.Message}},{{said.Results}}""", stream: false).RunAsync(fixture.Host);

        first.Kinds.ShouldEndWith("E");
        JsonDocument.Parse(first.Chunks[^1]).RootElement.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("tool_calls");
        said.Reasoning.ShouldBe("Two calls.");
        second.Last.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString().ShouldBe("Sunny at noon.");
        var turn = fixture.Provider.CallsOf(AnthropicFixture.Haiku)[^1].Json.GetProperty("messages")[1].GetProperty("content");
        turn.EnumerateArray().Select(block => block.GetProperty("type").GetString()).Order().ShouldBe(["redacted_thinking", "text", "thinking", "tool_use", "tool_use"]);
        turn.EnumerateArray().First(block => block.GetProperty("type").GetString() == "tool_use").GetProperty("input").GetProperty("city").GetString().ShouldBe("Pa\"ris");
    }

    [Theory]
    [InlineData(Fault.PromptTooLong, CallFailure.ProviderRefused, "context_length_exceeded", 400)]
    [InlineData(Fault.ContentPolicy, CallFailure.ProviderRefused, "content_policy_violation", 400)]
    [InlineData(Fault.WrongKey, CallFailure.ProviderAuth, "", 0)]
    [InlineData(Fault.TooLarge, CallFailure.ProviderRefused, "request_too_large", 413)]
    public async Task What_anthropic_refuses_is_told_and_costs_nothing(Fault fault, CallFailure failure, string code, int status)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.Fails(fault));
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        (answer.Kinds, answer.Failed!.Failure, answer.Failed.Code, answer.Failed.Status).ShouldBe(("F", failure, code, status));
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.NoDone)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.ErrorTail)]
    public async Task An_answer_without_its_last_event_is_broken(Ending ending)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 6, Ending = ending, EndAfter = 3 });

        var answer = await new TestCall(model).RunAsync(fixture.Host);

        answer.Kinds.ShouldMatch("^(Sc+)?F$");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        answer.Chunks.ShouldAllBe(json => !json.Contains("\"finish_reason\":\""));
    }

    [Theory]
    [InlineData(null, true, 32_000)]
    [InlineData(100, true, 100)]
    [InlineData(100_000, false, 32_000)]
    public async Task The_maximum_is_the_clients_within_what_the_deployment_can_do(int? asked, bool stream, long sent)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script());

        (await new TestCall(model) { MaxTokens = asked, Stream = stream }.RunAsync(fixture.Host)).Kinds.ShouldEndWith("E");

        fixture.Provider.CallsOf(model)[^1].MaxTokens.ShouldBe(sent);
    }

    [Fact]
    public async Task A_field_that_anthropic_has_no_word_for_is_named_and_nothing_is_sent()
    {
        var model = fixture.NextModel();
        var before = fixture.Provider.Calls.Count;
        var call = new TestCall(model) { Body = """{"messages":[{"role":"user","content":"Hi"}],"n":2}""" };

        var answer = await call.RunAsync(fixture.Host);

        (answer.Failed!.Failure, answer.Failed.Code, answer.Failed.Param).ShouldBe((CallFailure.InvalidRequest, "unsupported_parameter", "n"));
        fixture.Provider.Calls.Count.ShouldBe(before);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    private static TestCall Ask(string messages, bool stream) => new(AnthropicFixture.Haiku)
    {
        Stream = stream,
        Body = $$"""{"reasoning_effort":"low","max_tokens":9000,"tools":{{Tools}},"messages":[{{messages}}]}""",
    };

    /// <summary>The assistant's message that a client makes of a stream, and the results of the tools that it calls.</summary>
    private static (string Message, string Results, string Reasoning) Assembled(TestAnswer answer)
    {
        var deltas = answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement.GetProperty("choices"))
            .Where(choices => choices.GetArrayLength() > 0).Select(choices => choices[0].GetProperty("delta")).ToList();
        var thoughts = deltas.SelectMany(delta => Items(delta, "thinking_blocks")).Select(block => block.GetRawText());
        var calls = deltas.SelectMany(delta => Items(delta, "tool_calls")).GroupBy(call => call.GetProperty("index").GetInt32()).Select(pieces => new
        {
            id = pieces.First().GetProperty("id").GetString(),
            type = "function",
            function = new
            {
                name = pieces.First().GetProperty("function").GetProperty("name").GetString(),
                arguments = string.Concat(pieces.Select(piece => piece.GetProperty("function").GetProperty("arguments").GetString())),
            },
        }).ToList();
        var reasoning = string.Concat(deltas.Select(delta => delta.TryGetProperty("reasoning_content", out var text) ? text.GetString() : ""));
        return (
            $$"""{"role":"assistant","content":{{JsonSerializer.Serialize(answer.Text)}},"thinking_blocks":[{{string.Join(',', thoughts)}}],"tool_calls":{{JsonSerializer.Serialize(calls)}}}""",
            string.Join(',', calls.Select(call => $$"""{"role":"tool","tool_call_id":"{{call.id}}","content":"{{call.function.name}} done"}""")),
            reasoning);
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement delta, string name) =>
        delta.TryGetProperty(name, out var items) ? items.EnumerateArray() : default;
}
