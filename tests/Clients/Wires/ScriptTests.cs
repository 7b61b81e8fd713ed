using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Testing;

namespace LlmGateway.Clients.Tests.Wires;

/// <summary>What a script can ask of the fake provider, and how its bytes look.</summary>
public sealed class ScriptTests(FakeFixture fixture) : IClassFixture<FakeFixture>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Gemini_streams_events_without_names_or_an_array()
    {
        const string body = """{"contents":[{"parts":[{"text":"x"}]}]}""";

        var events = await fixture.PostAsync("/v1beta/models/g:streamGenerateContent?alt=sse", body);
        var array = await fixture.PostAsync("/v1beta/models/g:streamGenerateContent", body);

        events.Body.Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(4);
        events.Body.ShouldNotContain("event:");
        events.Body.ShouldNotContain("[DONE]");
        JsonDocument.Parse(array.Body).RootElement.GetArrayLength().ShouldBe(4);
    }

    [Fact]
    public async Task Anthropic_streams_named_events_and_counts_from_the_start()
    {
        fixture.Provider.On("named", new Script { Pieces = ["a"], PromptTokens = 10, CachedTokens = 4 });

        var (_, body, response) = await fixture.AnthropicAsync("""{"model":"named","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}""");

        body.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line[7..])
            .ShouldBe(["message_start", "content_block_start", "ping", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]);
        body.ShouldContain("\"input_tokens\":6,");
        response.Headers.GetValues("request-id").Single().ShouldStartWith("req_");
    }

    [Theory]
    [InlineData(Ending.NoDone)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.ErrorTail)]
    public async Task A_broken_end_has_no_terminal_event_of_a_whole_answer(Ending ending)
    {
        fixture.Provider.On("end-" + ending, new Script { Ending = ending });

        var chat = await fixture.PostAsync("/v1/chat/completions", $$"""{"model":"end-{{ending}}","stream":true,"messages":[]}""");
        var messages = await fixture.AnthropicAsync($$"""{"model":"end-{{ending}}","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}""");
        var contents = await fixture.PostAsync($"/v1beta/models/end-{ending}:streamGenerateContent?alt=sse", """{"contents":[{"parts":[{"text":"x"}]}]}""");
        var responses = await fixture.PostAsync("/v1/responses", $$"""{"model":"end-{{ending}}","stream":true,"input":"x"}""");

        chat.Body.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal).ShouldBe(ending == Ending.NoDone);
        messages.Body.Contains("\"stop_reason\":\"end_turn\"", StringComparison.Ordinal).ShouldBe(ending == Ending.NoDone);
        contents.Body.Contains("\"finishReason\"", StringComparison.Ordinal).ShouldBe(ending == Ending.NoDone);
        responses.Body.ShouldNotContain("response.completed");
        messages.Body.Contains("event: message_stop", StringComparison.Ordinal).ShouldBe(ending == Ending.Garbage);
    }

    [Fact]
    public async Task A_prefill_is_continued_or_refused()
    {
        const string body = """{"model":"prefill","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"One two"}]}""";
        fixture.Provider.On("prefill", new Script { Pieces = ["One ", "two ", "three"], ContinuesPrefill = true }, new Script { RefusesPrefill = true });

        (await fixture.AnthropicAsync(body)).Body.ShouldContain("\"text\":\" three\"");
        var refused = await fixture.AnthropicAsync(body);

        refused.Status.ShouldBe(400);
        refused.Body.ShouldContain("prefill");
        fixture.Provider.CallsOf("prefill")[0].CompletionTokens.ShouldBe(2);
    }

    [Fact]
    public async Task Several_answers_are_several_choices_and_all_of_them_count()
    {
        var chat = await fixture.PostAsync("/v1/chat/completions", """{"model":"several","messages":[],"n":2}""");
        var stream = await fixture.PostAsync("/v1/chat/completions", """{"model":"several","messages":[],"n":2,"stream":true}""");
        var gemini = await fixture.GeminiAsync("""{"contents":[{"parts":[{"text":"x"}]}],"generationConfig":{"candidateCount":2}}""", "several");

        JsonDocument.Parse(chat.Body).RootElement.GetProperty("choices").GetArrayLength().ShouldBe(2);
        stream.Body.Split("\"finish_reason\":\"stop\"").Length.ShouldBe(3);
        JsonDocument.Parse(gemini.Body).RootElement.GetProperty("candidates").GetArrayLength().ShouldBe(2);
        fixture.Provider.CallsOf("several").ShouldAllBe(call => call.CompletionTokens == 6);
    }

    [Fact]
    public async Task Parallel_calls_may_come_a_piece_of_each_in_turn()
    {
        fixture.Provider.On("turns", new Script { ToolCalls = [new("f", "{\"a\":1}", Pieces: 2), new("g", "{\"b\":2}", Pieces: 2)], Interleaved = true });

        var (_, body, _) = await fixture.PostAsync("/v1/chat/completions", """{"model":"turns","messages":[],"stream":true}""");

        Indices(body).ShouldBe([0, 0, 1, 1, 0, 1]);
    }

    [Fact]
    public async Task Anthropic_accepts_a_call_and_pings_before_it_generates()
    {
        fixture.Provider.On("pings", new Script { FirstDelay = TimeSpan.FromMilliseconds(300), KeepAlive = TimeSpan.FromMilliseconds(5) });

        var (_, body, _) = await fixture.AnthropicAsync("""{"model":"pings","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}""");

        body.ShouldStartWith("event: message_start");
        body[..body.IndexOf("event: content_block_start", StringComparison.Ordinal)].ShouldContain("event: ping");
    }

    [Fact]
    public async Task A_maximum_cuts_a_tool_call_in_its_arguments()
    {
        fixture.Provider.On("cut-call", new Script { ToolCalls = [new("f", """{"city":"Oslo"}""", Pieces: 5)] });

        var (_, body, _) = await fixture.AnthropicAsync("""{"model":"cut-call","max_tokens":2,"stream":true,"messages":[{"role":"user","content":"x"}]}""");

        body.ShouldContain("\"stop_reason\":\"max_tokens\"");
        fixture.Provider.CallsOf("cut-call").Single().CompletionTokens.ShouldBe(2);
    }

    [Fact]
    public async Task A_provider_flaps_by_count_and_by_time()
    {
        var time = new FakeTime();
        fixture.Provider.Cycle("count", Script.Statuses(503, 200));
        fixture.Provider.Flap("time", time, (Second, new Script()), (2 * Second, Script.Fails(Fault.Overloaded)));

        (await StatusesAsync("count", 4)).ShouldBe([503, 200, 503, 200]);
        (await StatusesAsync("time", 2)).ShouldBe([200, 200]);
        time.Advance(Second);
        (await StatusesAsync("time", 2)).ShouldBe([503, 503]);
        time.Advance(2 * Second);
        (await StatusesAsync("time", 1)).ShouldBe([200]);
    }

    [Fact]
    public async Task When_to_come_back_is_said_in_seconds_as_a_date_or_in_milliseconds()
    {
        var limited = Script.Fails(Fault.RateLimited);
        fixture.Provider.On("retry", limited with { RetryAfter = "7" }, limited with { RetryAt = TimeSpan.FromHours(1) }, limited with { RetryAfterMs = 250 });

        var seconds = (await ChatAsync("retry")).Response.Headers.RetryAfter!;
        var date = (await ChatAsync("retry")).Response.Headers.RetryAfter!;
        var milliseconds = (await ChatAsync("retry")).Response.Headers.GetValues("retry-after-ms").Single();

        seconds.Delta.ShouldBe(TimeSpan.FromSeconds(7));
        (date.Date!.Value - TimeProvider.System.GetUtcNow()).ShouldBeInRange(TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
        milliseconds.ShouldBe("250");
        var gemini = await fixture.GeminiAsync("""{"contents":[{"parts":[{"text":"x"}]}]}""", "retry");
        gemini.Body.ShouldContain("\"retryDelay\": \"0.25s\"");
        gemini.Response.Headers.RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task A_key_has_its_own_fate_wherever_its_wire_puts_it()
    {
        fixture.Provider.OnKey("sk-limited", Script.Fails(Fault.RateLimited));

        (await ChatAsync("keys", ("Authorization", "Bearer sk-limited"))).Status.ShouldBe(429);
        (await ChatAsync("keys", ("Authorization", "Bearer sk-other"))).Status.ShouldBe(200);
        (await fixture.PostAsync("/openai/deployments/keys/chat/completions?api-version=2024-10-21", """{"messages":[]}""", ("api-key", "sk-limited"))).Status.ShouldBe(429);
        (await fixture.PostAsync("/v1/messages", """{"model":"keys","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", ("anthropic-version", "2023-06-01"), ("x-api-key", "sk-limited"))).Status.ShouldBe(429);
        (await fixture.PostAsync("/v1beta/models/keys:generateContent?key=sk-limited", """{"contents":[{"parts":[{"text":"x"}]}]}""")).Status.ShouldBe(429);

        fixture.Provider.OnKey("sk-limited");
        (await ChatAsync("keys", ("Authorization", "Bearer sk-limited"))).Status.ShouldBe(200);
        fixture.Provider.CallsOf("keys").Count(call => call.Key == "sk-limited").ShouldBe(5);
    }

    [Fact]
    public async Task Azure_wants_a_version_on_its_old_paths_and_begins_with_its_filters()
    {
        (await fixture.PostAsync("/openai/deployments/az/chat/completions", """{"messages":[]}""")).Status.ShouldBe(404);
        var (_, body, response) = await fixture.PostAsync("/openai/v1/chat/completions", """{"model":"az","stream":true,"messages":[]}""");

        body.ShouldStartWith("""data: {"choices":[],"created":0,"id":"","model":"",""");
        response.Headers.Contains("apim-request-id").ShouldBeTrue();
    }

    [Fact]
    public async Task A_LiteLLM_proxy_writes_the_status_as_the_code()
    {
        fixture.Provider.On("proxied", Script.Fails(Fault.RateLimited) with { LiteLlm = true });

        var (_, body, response) = await ChatAsync("proxied");

        body.ShouldContain("\"code\":\"429\"");
        response.Headers.Contains("x-litellm-call-id").ShouldBeTrue();
    }

    private static IEnumerable<int> Indices(string stream) => stream.Split("\"tool_calls\":[{\"index\":").Skip(1).Select(chunk => chunk[0] - '0');

    private Task<(int Status, string Body, HttpResponseMessage Response)> ChatAsync(string model, params (string Name, string Value)[] headers) =>
        fixture.PostAsync("/v1/chat/completions", $$"""{"model":"{{model}}","messages":[]}""", headers);

    private async Task<List<int>> StatusesAsync(string model, int count)
    {
        var statuses = new List<int>();
        while (statuses.Count < count)
        {
            statuses.Add((await ChatAsync(model)).Status);
        }

        return statuses;
    }
}
