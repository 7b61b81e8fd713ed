using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Clients.Tests;

/// <summary>Clients of the Responses API in a process of their own: responses.mjs runs the cases, these tests judge what it saw.</summary>
public sealed class ResponsesClientRun(RunningSystem system) : IAsyncLifetime
{
    private const int TurnsWithTools = 4;

    private NodeScript _script = null!;

    public async Task InitializeAsync()
    {
        Script[] turn =
        [
            new() { ToolCalls = [new("weather", """{"city":"Rome"}"""), new("weather", """{"city":"Oslo"}""")] },
            new() { Pieces = ["Both ", "cold."] },
        ];
        system.Provider.On(GatewaySystem.ServedToolModel, [.. Enumerable.Repeat(turn, TurnsWithTools).SelectMany(scripts => scripts)]);
        _script = await NodeScript.RunAsync(
            "responses.mjs",
            ("BASE_URL", new Uri(system.Gateway, "/v1").ToString()),
            ("KEY", GatewaySystem.Key),
            ("MODEL", GatewaySystem.ServedModel),
            ("NATIVE", GatewaySystem.Model),
            ("TOOLS", GatewaySystem.ServedToolModel));
    }

    public JsonElement Result(string name) => _script.Result(name);

    public Task DisposeAsync() => Task.CompletedTask;
}

[Collection(RunningSystem.Name)]
public sealed class ResponsesClientTests(ResponsesClientRun run) : IClassFixture<ResponsesClientRun>
{
    [Theory]
    [InlineData("create")]
    [InlineData("create_native")]
    public void The_official_client_gets_a_response_with_usage_and_cost(string name)
    {
        var result = run.Result(name);

        (Text(result, "text"), Text(result, "status"), result.GetProperty("store").GetBoolean()).ShouldBe(("word0 word1 word2 ", "completed", false));
        result.GetProperty("usage").GetProperty("output_tokens").GetInt32().ShouldBe(3);
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("stream_native")]
    public void It_gets_a_stream_whose_last_event_is_the_whole_response(string name)
    {
        var result = run.Result(name);

        (Text(result, "first"), Text(result, "last"), Text(result, "status")).ShouldBe(("response.created", "response.completed", "completed"));
        (Text(result, "text"), Text(result, "output")).ShouldBe(("word0 word1 word2 ", "word0 word1 word2 "));
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Theory]
    [InlineData("tools")]
    [InlineData("tools_stream")]
    public void It_calls_two_functions_at_once_and_sends_their_outputs(string name)
    {
        var result = run.Result(name);

        Strings(result, "cities").ShouldBe(["Rome", "Oslo"]);
        Text(result, "text").ShouldBe("Both cold.");
    }

    [Fact]
    public void It_throws_on_an_answer_that_breaks_off()
    {
        var result = run.Result("cut");

        Text(result, "thrown").ShouldBe("APIError");
        Strings(result, "types").ShouldContain("response.output_text.delta");
        Strings(result, "types").ShouldNotContain("response.completed");
    }

    [Theory]
    [InlineData("previous", "BadRequestError", "unsupported_parameter", "previous_response_id")]
    [InlineData("hosted_tool", "BadRequestError", "unsupported_parameter", "tools[0].type")]
    [InlineData("no_input", "BadRequestError", "missing_required_parameter", "input")]
    [InlineData("retrieve", "NotFoundError", "not_found", "id")]
    public void Its_own_exception_types_carry_our_codes_and_fields(string name, string type, string code, string param)
    {
        var result = run.Result(name);

        (Text(result, "class"), Text(result, "code"), Text(result, "param")).ShouldBe((type, code, param));
    }

    [Theory]
    [InlineData("ai_text")]
    [InlineData("ai_stream")]
    public void The_AI_SDK_gets_an_answer_by_its_default(string name)
    {
        var result = run.Result(name);

        (Text(result, "text"), Text(result, "finish"), result.GetProperty("tokens").GetInt32()).ShouldBe(("word0 word1 word2 ", "stop", 3));
    }

    [Theory]
    [InlineData("ai_tools")]
    [InlineData("ai_tools_stream")]
    public void The_AI_SDK_runs_its_tools_and_goes_on(string name)
    {
        var result = run.Result(name);

        Strings(result, "results").ShouldBe(["Rome: cold", "Oslo: cold"]);
        (Text(result, "text"), result.GetProperty("steps").GetInt32()).ShouldBe(("Both cold.", 2));
    }

    [Fact]
    public void The_AI_SDK_sees_that_an_answer_broke_off()
    {
        var result = run.Result("ai_cut");

        Strings(result, "errors").ShouldContain(message => message!.Contains("broke off", StringComparison.Ordinal));
        Strings(result, "finishes").ShouldNotContain("stop");
    }

    private static string? Text(JsonElement result, string name) => result.GetProperty(name).GetString();

    private static IEnumerable<string?> Strings(JsonElement result, string name) => result.GetProperty(name).EnumerateArray().Select(item => item.GetString());
}
