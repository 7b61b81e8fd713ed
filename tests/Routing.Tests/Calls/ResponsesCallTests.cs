using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// Responses on either side, through a whole Routing.Service: a client that speaks it to a server that does not and to OpenAI that does, and a
/// client of chat to models that OpenAI serves in no other way.
/// </summary>
public sealed class ResponsesCallTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>, IAsyncLifetime
{
    private const string Prices = "input_cost_per_token: 2.5e-6, cache_read_input_token_cost: 1.25e-6, output_cost_per_token: 1e-5";
    private const string Tools = """[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]""";

    private RoutingHost _host = null!;

    public async Task InitializeAsync()
    {
        var models = $$"""
            model_list:
              - model_name: server
                litellm_params: { model: openai/server, api_base: "{{fixture.Provider.BaseUrl}}", {{Prices}} }
                model_info: { max_output_tokens: 16384 }
              - model_name: vendor
                litellm_params: { model: openai/gpt-5.6, {{Prices}} }
                model_info: { max_output_tokens: 16384 }
              - model_name: pro
                litellm_params: { model: openai/gpt-5.5-pro, {{Prices}} }
                model_info: { max_output_tokens: 16384, mode: responses }
            """;
        _host = await (await RoutingHost.StartAsync(
            fixture.Billing.Address, models, null, ("Providers:OpenAi:ApiKey", "sk-provider"), ("Providers:OpenAi:BaseUrl", fixture.Provider.BaseUrl))).ReadyAsync();
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("server", "server", Endpoint.Chat)]
    [InlineData("vendor", "gpt-5.6", Endpoint.Responses)]
    public async Task A_client_that_speaks_Responses_is_answered_by_any_server_and_pays_to_the_nano_dollar(string model, string upstream, Endpoint endpoint)
    {
        fixture.Provider.On(upstream, new Script { Chunks = 7, PromptTokens = 1003, CachedTokens = 501, CompletionTokens = 9 });
        var cost = RoutingFixture.Cost(1003, 9, cached: 501);

        foreach (var stream in new[] { true, false })
        {
            var call = Responses(model, """{"input":"Say hello","store":true,"stream":STREAM}""", stream);
            var answer = await call.RunAsync(_host);

            (answer.Ended!.PromptTokens, answer.Ended.OutputTokens, answer.Ended.CostNanoUsd).ShouldBe((1003, 9, cost));
            var response = stream ? answer.Last.GetProperty("response") : answer.Last;
            response.GetProperty("status").GetString().ShouldBe("completed");
            response.GetProperty("store").GetBoolean().ShouldBeFalse();
            Text(response).ShouldBe("word0 word1 word2 word3 word4 word5 word6 ");
            response.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(cost / 1_000_000_000m);
            response.GetProperty("usage").GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32().ShouldBe(501);
            fixture.Provider.CallsOf(upstream)[^1].Endpoint.ShouldBe(endpoint);
            if (stream)
            {
                answer.Chunks.Count(json => json.StartsWith("{\"type\":\"response.output_text.delta\"", StringComparison.Ordinal)).ShouldBe(7);
                answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement.GetProperty("sequence_number").GetInt32())
                    .ShouldBe(Enumerable.Range(0, answer.Chunks.Count));
            }
        }
    }

    [Theory]
    [InlineData("server", "server")]
    [InlineData("vendor", "gpt-5.6")]
    public async Task An_answer_that_is_cut_is_never_completed_and_what_came_is_paid(string model, string upstream)
    {
        fixture.Provider.On(upstream, new Script { Chunks = 6, EndAfter = 3, Ending = Ending.Cut });

        var answer = await Responses(model, """{"input":"x","stream":true}""").RunAsync(_host);

        answer.Kinds.ShouldEndWith("F");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        answer.Chunks.ShouldNotBeEmpty();
        answer.Chunks.ShouldAllBe(json => !json.Contains("response.completed") && !json.Contains("output_text.done"));
    }

    [Fact]
    public async Task What_only_OpenAI_has_goes_there_and_is_refused_by_name_elsewhere()
    {
        fixture.Provider.On("gpt-5.6", new Script());
        const string Body = """{"input":"x","tools":[{"type":"custom","name":"patch"}]}""";

        (await Responses("vendor", Body, stream: false).RunAsync(_host)).Ended.ShouldNotBeNull();
        var refused = await Responses("server", Body, stream: false).RunAsync(_host);

        (refused.Failed!.Failure, refused.Failed.Param, refused.Failed.Code).ShouldBe((CallFailure.InvalidRequest, "tools[0].type", "unsupported_parameter"));
    }

    [Fact]
    public async Task A_chat_client_s_turn_with_tools_goes_through_Responses_and_comes_back_with_what_the_model_thought()
    {
        fixture.Provider.On("gpt-5.5-pro", new Script { Thinking = ["Hm. "], ToolCalls = [new("weather", """{"city":"Rome"}"""), new("weather", """{"city":"Oslo"}""")] });
        var first = await Chat("pro", $$"""{"messages":[{"role":"user","content":"Weather?"}],"tools":{{Tools}},"temperature":0.2}""", stream: false).RunAsync(_host);
        var message = first.Last.GetProperty("choices")[0].GetProperty("message");
        fixture.Provider.On("gpt-5.5-pro", new Script { Pieces = ["Both ", "cold."] });

        var outputs = string.Join(',', message.GetProperty("tool_calls").EnumerateArray()
            .Select(call => $$"""{"role":"tool","tool_call_id":"{{call.GetProperty("id").GetString()}}","content":"cold"}"""));
        var second = await Chat("pro", $$"""{"messages":[{"role":"user","content":"Weather?"},{{message}},{{outputs}}],"tools":{{Tools}}}""").RunAsync(_host);

        first.Last.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("tool_calls");
        message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("function").GetProperty("arguments").GetString())
            .ShouldBe(["""{"city":"Rome"}""", """{"city":"Oslo"}"""]);
        second.Text.ShouldBe("Both cold.");
        var upstream = fixture.Provider.CallsOf("gpt-5.5-pro")[^1].Json.GetProperty("input").EnumerateArray();
        upstream.Select(item => item.GetProperty("type").GetString())
            .ShouldBe(["message", "reasoning", "function_call", "function_call", "function_call_output", "function_call_output"]);
    }

    [Fact]
    public async Task A_chat_client_s_functions_of_a_model_that_thinks_go_to_Responses_and_its_plain_questions_to_chat()
    {
        fixture.Provider.On("gpt-5.6", new Script { ToolCalls = [new("weather", """{"city":"Rome"}""")] });

        var called = await Chat("vendor", $$"""{"messages":[{"role":"user","content":"Weather?"}],"tools":{{Tools}}}""").RunAsync(_host);
        fixture.Provider.CallsOf("gpt-5.6")[^1].Endpoint.ShouldBe(Endpoint.Responses);
        fixture.Provider.On("gpt-5.6", new Script());
        var answered = await Chat("vendor", """{"messages":[{"role":"user","content":"Hello"}]}""").RunAsync(_host);

        fixture.Provider.CallsOf("gpt-5.6")[^1].Endpoint.ShouldBe(Endpoint.Chat);
        called.Chunks.ShouldContain(json => json.Contains("\"name\":\"weather\""));
        called.Chunks.ShouldContain(json => json.Contains("\"finish_reason\":\"tool_calls\""));
        answered.Text.ShouldBe("word0 word1 word2 ");
    }

    private static TestCall Responses(string model, string body, bool stream = true) => new(model)
    {
        Dialect = Dialect.OpenaiResponses,
        Body = body.Replace("STREAM", stream ? "true" : "false", StringComparison.Ordinal),
        Stream = stream,
    };

    private static TestCall Chat(string model, string body, bool stream = true) => new(model) { Body = body, Stream = stream };

    private static string Text(JsonElement response) => string.Concat(response.GetProperty("output").EnumerateArray()
        .Where(item => item.GetProperty("type").GetString() == "message")
        .SelectMany(item => item.GetProperty("content").EnumerateArray()).Select(part => part.GetProperty("text").GetString()));
}
