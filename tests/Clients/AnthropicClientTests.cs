using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Clients.Tests;

/// <summary>Anthropic's npm client against the gateway, behind which a server of OpenAI's wire answers: anthropic.mjs runs the cases, these tests judge.</summary>
public sealed class AnthropicClientRun(RunningSystem system) : IAsyncLifetime
{
    private NodeScript _script = null!;

    public async Task InitializeAsync()
    {
        system.Provider.On(
            GatewaySystem.ToolsModel,
            new Script { Pieces = ["I look."], ToolCalls = [new("weather", """{"city":"Paris"}"""), new("weather", """{"city":"Rome"}""")] },
            new Script { Pieces = ["Sunny in both."] });
        _script = await NodeScript.RunAsync(
            "anthropic.mjs",
            ("BASE_URL", system.Gateway.ToString().TrimEnd('/')),
            ("KEY", GatewaySystem.Key),
            ("MODEL", GatewaySystem.Model),
            ("TOOLS_MODEL", GatewaySystem.ToolsModel),
            ("SLOW_MODEL", "fake-slow"),
            ("CUT_MODEL", "fake-cut"));
    }

    public JsonElement Result(string name) => _script.Result(name);

    public Task DisposeAsync() => Task.CompletedTask;
}

[Collection(RunningSystem.Name)]
public sealed class AnthropicClientTests(AnthropicClientRun run) : IClassFixture<AnthropicClientRun>
{
    [Fact]
    public void It_gets_a_message_with_usage_and_cost()
    {
        var result = run.Result("message");

        (result.GetProperty("type").GetString(), result.GetProperty("stop").GetString()).ShouldBe(("message", "end_turn"));
        result.GetProperty("id").GetString().ShouldStartWith("msg_");
        result.GetProperty("requestId").GetString().ShouldStartWith("req_");
        result.GetProperty("text").GetString().ShouldNotBeNullOrEmpty();
        result.GetProperty("usage").GetProperty("output_tokens").GetInt32().ShouldBePositive();
        result.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Fact]
    public void It_gets_a_stream_from_start_to_stop()
    {
        var result = run.Result("stream");

        var events = result.GetProperty("events").EnumerateArray().Select(item => item.GetString()).ToList();
        (events[0], events[^2], events[^1]).ShouldBe(("message_start", "message_delta", "message_stop"));
        result.GetProperty("stop").GetString().ShouldBe("end_turn");
        result.GetProperty("text").GetString().ShouldNotBeNullOrEmpty();
        result.GetProperty("usage").GetProperty("input_tokens").GetInt32().ShouldBePositive();
    }

    [Fact]
    public void Parallel_tools_make_the_round_trip()
    {
        var result = run.Result("tools");

        result.GetProperty("stop").GetString().ShouldBe("tool_use");
        result.GetProperty("inputs").EnumerateArray().Select(input => input.GetProperty("city").GetString()).ShouldBe(["Paris", "Rome"]);
        result.GetProperty("text").GetString().ShouldBe("Sunny in both.");
    }

    [Fact]
    public void It_can_leave() => run.Result("abort").GetProperty("class").GetString().ShouldBe("APIUserAbortError");

    [Fact]
    public void A_cut_answer_raises_and_keeps_what_came()
    {
        var result = run.Result("cut");

        (result.GetProperty("refused").GetBoolean(), result.GetProperty("class").GetString()).ShouldBe((true, "APIError"));
        result.GetProperty("text").GetString().ShouldStartWith("word0 ");
    }

    [Fact]
    public void It_counts_tokens() => run.Result("count").GetProperty("tokens").GetInt32().ShouldBePositive();

    [Fact]
    public void It_lists_the_models() =>
        run.Result("models").GetProperty("ids").EnumerateArray().Select(id => id.GetString()).ShouldContain(GatewaySystem.Model);

    [Fact]
    public void Its_older_header_is_taken() => run.Result("old_header").GetProperty("type").GetString().ShouldBe("message");

    [Theory]
    [InlineData("unknown_key", "PermissionDeniedError", 403, "permission_error")]
    [InlineData("unknown_model", "NotFoundError", 404, "not_found_error")]
    [InlineData("wrong_block", "BadRequestError", 400, "invalid_request_error")]
    [InlineData("missing_maximum", "BadRequestError", 400, "invalid_request_error")]
    public void A_refusal_is_of_the_right_class(string name, string type, int status, string error)
    {
        var result = run.Result(name);

        (result.GetProperty("class").GetString(), result.GetProperty("status").GetInt32(), result.GetProperty("type").GetString()).ShouldBe((type, status, error));
        result.GetProperty("requestId").GetString().ShouldStartWith("req_");
    }
}
