using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>The built-in mock's tool calls and JSON, as clients of each dialect read them.</summary>
[Collection(SharedRouting.Name)]
public sealed class MockCallTests(RoutingFixture fixture)
{
    private const string Weather = """
        {"type":"function","function":{"name":"weather","parameters":{"type":"object","required":["city","days","units","at"],
        "properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3},"units":{"enum":["C","F"]},"at":{"$ref":"#/$defs/place"},"rest":{"type":"string"}},
        "$defs":{"place":{"type":"array","minItems":2,"items":{"type":["number","null"]}}}}}}
        """;

    private const string WeatherArguments = """{"city":"made up","days":3,"units":"C","at":[1,1]}""";
    private const string Clock = """{"type":"function","function":{"name":"clock"}}""";

    [Theory]
    [InlineData("[mock tools=2]", "", "weather,clock")]
    [InlineData("[mock tools=3]", "", "weather,clock,weather")]
    [InlineData("[mock tools=3]", ",\"parallel_tool_calls\":false", "weather")]
    [InlineData("[mock tools=1]", ",\"tool_choice\":\"none\"", "")]
    [InlineData("hello", ",\"tool_choice\":\"required\"", "weather")]
    [InlineData("hello", ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"clock\"}}", "clock")]
    [InlineData("hello", "", "")]
    public async Task Tools_are_called_as_the_script_or_the_request_says_streamed_and_not(string prompt, string more, string names)
    {
        var body = $$"""{"model":"made-up","messages":[{"role":"user","content":"{{prompt}}"}],"tools":[{{Weather}},{{Clock}}]{{more}}}""";

        var whole = await new TestCall("made-up") { Body = body, Stream = false }.RunAsync(fixture.Host);
        var streamed = await new TestCall("made-up") { Body = body }.RunAsync(fixture.Host);

        var choice = whole.Last.GetProperty("choices")[0];
        var calls = choice.GetProperty("message").TryGetProperty("tool_calls", out var made) ? made.EnumerateArray().ToList() : [];
        string.Join(',', calls.Select(call => call.GetProperty("function").GetProperty("name").GetString())).ShouldBe(names);
        calls.Select(call => call.GetProperty("id").GetString()).ShouldBeUnique();
        calls.ShouldAllBe(call => call.GetProperty("function").GetProperty("arguments").GetString()
            == (call.GetProperty("function").GetProperty("name").GetString() == "weather" ? WeatherArguments : "{}"));
        choice.GetProperty("finish_reason").GetString().ShouldBe(names.Length > 0 ? "tool_calls" : "stop");
        Joined(streamed).ShouldBe([.. calls.Select(call => (call.GetProperty("function").GetProperty("name").GetString()!, call.GetProperty("function").GetProperty("arguments").GetString()!))]);
        (streamed.Ended!.PromptTokens, streamed.Ended.OutputTokens).ShouldBe((whole.Ended!.PromptTokens, whole.Ended.OutputTokens));
    }

    [Fact]
    public async Task A_tool_s_result_is_answered_with_text()
    {
        var body = $$$"""
            {"model":"made-up","tools":[{{{Weather}}}],"messages":[{"role":"user","content":"[mock tools=1]"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"weather","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"sunny"}]}
            """;

        (await new TestCall("made-up") { Body = body }.RunAsync(fixture.Host)).Text.ShouldStartWith("This answer is made up");
    }

    [Fact]
    public async Task A_schema_s_answer_satisfies_it_and_a_maximum_cuts_it()
    {
        var parameters = JsonDocument.Parse(Weather).RootElement.GetProperty("function").GetProperty("parameters");
        var body = """{"model":"made-up","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":SCHEMA}}}"""
            .Replace("SCHEMA", parameters.ToString(), StringComparison.Ordinal);

        (await new TestCall("made-up") { Body = body }.RunAsync(fixture.Host)).Text.ShouldBe(WeatherArguments);
        var cut = await new TestCall("made-up") { Body = body.Insert(1, "\"max_tokens\":2,") }.RunAsync(fixture.Host);
        cut.Text.ShouldBe(WeatherArguments[..16]);
        cut.Chunks.ShouldContain(json => json.Contains("\"finish_reason\":\"length\"", StringComparison.Ordinal));
        (await new TestCall("made-up") { Body = """{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}""" }.RunAsync(fixture.Host)).Text.ShouldBe("{}");
    }

    [Fact]
    public async Task Clients_of_Messages_and_Responses_get_their_own_kind_of_calls()
    {
        var messages = await new TestCall("made-up")
        {
            Dialect = Dialect.AnthropicMessages,
            Body = """{"max_tokens":500,"messages":[{"role":"user","content":"[mock tools=2]"}],"tools":[{"name":"clock","input_schema":{"type":"object"}}]}""",
        }.RunAsync(fixture.Host);
        var responses = await new TestCall("made-up")
        {
            Dialect = Dialect.OpenaiResponses,
            Body = """{"input":"[mock tools=2]","stream":true,"tools":[{"type":"function","name":"clock","parameters":{"type":"object"}}]}""",
        }.RunAsync(fixture.Host);

        messages.Chunks.Count(json => json.Contains("\"tool_use\",\"id\":\"call_mock", StringComparison.Ordinal)).ShouldBe(2);
        responses.Last.GetProperty("response").GetProperty("output").EnumerateArray().Select(item => item.GetProperty("type").GetString()).ShouldBe(["function_call", "function_call"]);
    }

    [Fact]
    public async Task A_schema_that_refers_to_itself_has_an_end_and_text_that_is_none_is_named()
    {
        const string Body = """
            {"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object","required":["a","b"],
            "properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}}}}}}
            """;

        (await new TestCall("made-up") { Body = Body }.RunAsync(fixture.Host)).Ended!.OutputTokens.ShouldBeGreaterThan(1000);
        var broken = await new TestCall("made-up") { Body = Body.Replace("\"x\"", "\"\\ud800\"", StringComparison.Ordinal) }.RunAsync(fixture.Host);
        (broken.Failed!.Failure, broken.Failed.Param).ShouldBe((CallFailure.InvalidRequest, "messages"));
    }

    private static List<(string Name, string Arguments)> Joined(TestAnswer answer)
    {
        var calls = new List<(string Name, string Arguments)>();
        foreach (var choice in answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement.GetProperty("choices")).Where(choices => choices.GetArrayLength() > 0))
        {
            if (choice[0].GetProperty("delta").TryGetProperty("tool_calls", out var pieces))
            {
                var (index, function) = (pieces[0].GetProperty("index").GetInt32(), pieces[0].GetProperty("function"));
                if (index == calls.Count)
                {
                    calls.Add((function.GetProperty("name").GetString()!, ""));
                }

                calls[index] = (calls[index].Name, calls[index].Arguments + function.GetProperty("arguments").GetString());
            }
        }

        return calls;
    }
}
