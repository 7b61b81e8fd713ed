using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// A stream that breaks off and is gone on with, for clients of Messages and of Responses, whichever way the two answers come: passed through or
/// translated. The client reads one answer, with one beginning, its numbers in order, and one end.
/// </summary>
[Collection(RescueFixture.Name)]
public sealed class RescueDialectTests(RescueFixture fixture)
{
    private const string Whole = "The first half, and the second half.";
    private static readonly string[] Pieces = ["The first", " half, and", " the second", " half."];
    private static readonly string[] Others = ["The fir", "st half, ", "and the seco", "nd half."];

    public static TheoryData<Dialect, string> Ways()
    {
        var ways = new TheoryData<Dialect, string>();
        foreach (var second in (string[])["chat", "claude", "gemini", "vendor", "prefill"])
        {
            ways.Add(Dialect.AnthropicMessages, "chat-" + second);
            ways.Add(Dialect.AnthropicMessages, "claude-" + second);
            ways.Add(Dialect.OpenaiResponses, "chat-" + second);
            ways.Add(Dialect.OpenaiResponses, "vendor-" + second);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Wherever_the_first_breaks_off_the_client_reads_one_answer(Dialect dialect, string wires)
    {
        foreach (var (end, ending) in (IEnumerable<(int, Ending)>)[(1, Ending.Cut), (2, Ending.ErrorEvent), (3, Ending.Garbage), (4, Ending.NoFinish)])
        {
            var model = fixture.NextPair(wires);
            fixture.Provider.On(model + "-a", new Script { Pieces = Pieces, Ending = ending, EndAfter = end });
            fixture.Provider.On(model + "-b", new Script { Pieces = wires.EndsWith("prefill", StringComparison.Ordinal) ? Pieces : Others, ContinuesPrefill = true, PromptTokens = 12, CompletionTokens = 40 });

            var answer = await Ask(dialect, model).RunAsync(fixture.Host);

            answer.Ended.ShouldNotBeNull($"{wires} after {end}: {answer.Failed?.Message}");
            var read = Read(dialect, answer);
            (read.Text, read.Items).ShouldBe((Whole, "text"), $"{wires} after {end}");
            read.Output.ShouldBe(40);
            read.Cost.ShouldBe(RoutingFixture.Cost(12, 40) / 1_000_000_000m);
            answer.Ended.Attempts.ShouldBe(2);
        }
    }

    [Theory]
    [InlineData(Dialect.AnthropicMessages, "claude-chat")]
    [InlineData(Dialect.AnthropicMessages, "chat-claude")]
    [InlineData(Dialect.OpenaiResponses, "vendor-chat")]
    [InlineData(Dialect.OpenaiResponses, "chat-claude")]
    public async Task What_the_second_answer_has_besides_comes_after_the_text(Dialect dialect, string wires)
    {
        var model = fixture.NextPair(wires);
        fixture.Provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        fixture.Provider.On(model + "-b", new Script { Pieces = [Whole], ToolCalls = [new("weather", """{"city":"Rome"}"""), new("clock", """{"zone":"UTC"}""")] });

        var answer = await Ask(dialect, model, tools: true).RunAsync(fixture.Host);

        var read = Read(dialect, answer);
        (read.Text, read.Items).ShouldBe((Whole, """text,{"city":"Rome"},{"zone":"UTC"}"""));
    }

    [Theory]
    [InlineData(Dialect.AnthropicMessages, "claude-chat")]
    [InlineData(Dialect.AnthropicMessages, "chat-claude")]
    [InlineData(Dialect.OpenaiResponses, "vendor-chat")]
    [InlineData(Dialect.OpenaiResponses, "chat-vendor")]
    public async Task Another_answer_is_not_glued_on_and_an_answer_of_more_than_text_is_not_gone_on_with(Dialect dialect, string wires)
    {
        foreach (var first in (Script[])[
            new() { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 },
            new() { Pieces = Pieces, Thinking = ["Hm. "], Ending = Ending.Cut, EndAfter = 3 },
            new() { Pieces = [Whole], ToolCalls = [new("weather", """{"city":"Rome"}""")], Ending = Ending.Cut, EndAfter = 2 }])
        {
            var model = fixture.NextPair(wires);
            fixture.Provider.On(model + "-a", first);
            fixture.Provider.On(model + "-b", first.EndAfter == 2 && first.ToolCalls.Count == 0 ? new Script { Pieces = ["The first half", " was good."] } : new Script { Pieces = [Whole] });
            var before = fixture.Provider.CallsOf(model + "-b").Count;
            var call = Ask(dialect, model, tools: true);

            var answer = await call.RunAsync(fixture.Host);

            answer.Kinds.ShouldMatch("^Sc+F$");
            answer.Chunks.ShouldAllBe(json => !json.Contains("message_delta", StringComparison.Ordinal) && !json.Contains("response.completed", StringComparison.Ordinal));
            answer.Chunks.ShouldAllBe(json => !json.Contains("was good", StringComparison.Ordinal));
            (fixture.Provider.CallsOf(model + "-b").Count - before).ShouldBe(first.Thinking.Count + first.ToolCalls.Count == 0 ? 1 : 0);
            (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
        }
    }

    [Fact]
    public async Task What_only_the_first_one_s_dialect_has_cannot_be_asked_of_another()
    {
        var model = fixture.NextPair("claude-chat");
        fixture.Provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        var call = Ask(Dialect.AnthropicMessages, model) with { Body = """{"max_tokens":50,"tools":[{"type":"bash_20250124","name":"bash"}],"messages":[{"role":"user","content":"Hi"}]}""" };

        (await call.RunAsync(fixture.Host)).Kinds.ShouldMatch("^Sc+F$");
    }

    [Fact]
    public async Task A_second_one_that_breaks_off_too_is_gone_on_with_where_it_did()
    {
        foreach (var dialect in (Dialect[])[Dialect.AnthropicMessages, Dialect.OpenaiResponses])
        {
            var model = "resume-" + (dialect == Dialect.AnthropicMessages ? 11 : 12);
            fixture.Provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 1 });
            fixture.Provider.On(model + "-b", new Script { Pieces = Others, Ending = Ending.Cut, EndAfter = 3 });
            fixture.Provider.On(model + "-c", new Script { Pieces = Pieces });

            var answer = await Ask(dialect, model).RunAsync(fixture.Host);

            Read(dialect, answer).Text.ShouldBe(Whole);
            answer.Ended!.Attempts.ShouldBe(3);
        }
    }

    private static TestCall Ask(Dialect dialect, string model, bool tools = false) => new(model)
    {
        Dialect = dialect,
        Body = (dialect, tools) switch
        {
            (Dialect.AnthropicMessages, false) => """{"max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""",
            (Dialect.AnthropicMessages, true) =>
                """{"max_tokens":50,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"weather","input_schema":{"type":"object"}},{"name":"clock","input_schema":{"type":"object"}}]}""",
            (_, false) => """{"input":"Hi","stream":true}""",
            _ => """{"input":"Hi","stream":true,"tools":[{"type":"function","name":"weather","parameters":{"type":"object"}},{"type":"function","name":"clock","parameters":{"type":"object"}}]}""",
        },
    };

    private static Reading Read(Dialect dialect, TestAnswer answer)
    {
        JsonElement[] events = [.. answer.Chunks.Select(json => JsonDocument.Parse(json).RootElement)];
        return dialect == Dialect.AnthropicMessages ? Reading.OfMessages(events) : Reading.OfResponses(events);
    }
}
