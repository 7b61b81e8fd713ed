using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Clients of Anthropic's Messages whose model a server of OpenAI's chat wire has.</summary>
public sealed class MessagesCallTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const long Grant = 100_000_000_000;
    private const string Hello = """{"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public async Task A_stream_is_events_and_its_end_has_the_exact_cost()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 3, PromptTokens = 1003, CachedTokens = 501 });
        var call = Ask(model, Hello);

        var answer = await call.RunAsync(fixture.Host);

        var cost = RoutingFixture.Cost(1003, 3, cached: 501);
        answer.Kinds.ShouldEndWith("E");
        Types(answer).ShouldBe(
        [
            "message_start", "ping", "content_block_start", "content_block_delta", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta",
        ]);
        JsonDocument.Parse(answer.Chunks[0]).RootElement.GetProperty("message").GetProperty("id").GetString().ShouldBe("msg_" + call.RequestId[4..]);
        var usage = answer.Last.GetProperty("usage");
        (usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("cache_read_input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64()).ShouldBe((502, 501, 3));
        usage.GetProperty("cost").GetDecimal().ShouldBe(cost / 1_000_000_000m);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - cost, 0));
        var sent = fixture.Provider.CallsOf(model)[^1];
        (sent.MaxTokens, sent.Json.GetProperty("messages")[0].GetProperty("content").GetString()).ShouldBe((50, "Hi"));
    }

    [Fact]
    public async Task A_plain_answer_is_a_message()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Pieces = ["Sunny."], PromptTokens = 11, ToolCalls = [new("weather", """{"city":"Paris"}"""), new("clock")] });

        var answer = await (Ask(model, Hello) with { Stream = false }).RunAsync(fixture.Host);

        answer.Kinds.ShouldBe("ScE");
        var message = answer.Last;
        (message.GetProperty("type").GetString(), message.GetProperty("stop_reason").GetString()).ShouldBe(("message", "tool_use"));
        message.GetProperty("content").EnumerateArray().Select(block => block.GetProperty("type").GetString()).ShouldBe(["text", "tool_use", "tool_use"]);
        message.GetProperty("content")[1].GetProperty("input").GetProperty("city").GetString().ShouldBe("Paris");
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    public async Task An_answer_without_its_end_has_no_message_delta(Ending ending)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 6, Ending = ending, EndAfter = 3 });

        var answer = await Ask(model, Hello).RunAsync(fixture.Host);

        answer.Kinds.ShouldMatch("^(Sc+)?F$");
        Types(answer).ShouldNotContain("message_delta");
    }

    [Fact]
    public async Task What_only_Anthropic_has_is_refused_by_its_name_and_costs_nothing()
    {
        var model = fixture.NextModel();
        var call = Ask(model, """{"max_tokens":50,"tools":[{"type":"bash_20250124","name":"bash"}],"messages":[{"role":"user","content":"Hi"}]}""");

        var answer = await call.RunAsync(fixture.Host);

        (answer.Kinds, answer.Failed!.Failure, answer.Failed.Code, answer.Failed.Param).ShouldBe(("F", CallFailure.InvalidRequest, "unsupported_parameter", "tools.0.type"));
        fixture.Provider.CallsOf(model).ShouldBeEmpty();
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Fact]
    public async Task A_fault_of_the_body_is_named()
    {
        var answer = await Ask(fixture.NextModel(), """{"max_tokens":50,"messages":[{"role":"user","content":[{"type":"image"}]}]}""").RunAsync(fixture.Host);

        (answer.Failed!.Failure, answer.Failed.Param).ShouldBe((CallFailure.InvalidRequest, "messages.0.content.0.source"));
    }

    [Fact]
    public async Task Tokens_are_counted_without_a_provider_and_without_money()
    {
        var model = fixture.NextModel();
        var request = new CountTokensRequest
        {
            Dialect = Dialect.AnthropicMessages,
            Model = model,
            Body = Google.Protobuf.ByteString.CopyFromUtf8($$"""{"system":"{{new string('x', 400)}}","messages":[{"role":"user","content":"Hi"}]}"""),
        };

        (await fixture.Host.Client.CountTokensAsync(request, deadline: TestCall.Deadline)).InputTokens.ShouldBe(101);
        request.Model = "nobody-has-this";
        (await fixture.Host.Client.CountTokensAsync(request, deadline: TestCall.Deadline)).Failed.Failure.ShouldBe(CallFailure.ModelNotFound);
        fixture.Provider.CallsOf(model).ShouldBeEmpty();
    }

    private static TestCall Ask(string model, string body) => new(model) { Dialect = Dialect.AnthropicMessages, Body = body };

    private static List<string?> Types(TestAnswer answer) => [.. answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement.GetProperty("type").GetString())];
}
