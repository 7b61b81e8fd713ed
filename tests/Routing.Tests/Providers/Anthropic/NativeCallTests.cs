using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>Clients of Anthropic's Messages whose model is Anthropic's.</summary>
public sealed class NativeCallTests(AnthropicFixture fixture) : IClassFixture<AnthropicFixture>
{
    private const string Hello = """{"max_tokens":50,"future":{"a":1},"messages":[{"role":"user","content":"Hi"}]}""";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_answer_passes_with_the_exact_cost_in_its_usage(bool stream)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Thinking = ["Hm."], Pieces = ["a", "b"], PromptTokens = 2981, CachedTokens = 2048, CacheWriteTokens = 912, CacheWrite1hTokens = 400, CompletionTokens = 503 });
        var call = new TestCall(model) { Dialect = Dialect.AnthropicMessages, Stream = stream, Body = Hello.Replace("\"future\":{\"a\":1},", "", StringComparison.Ordinal) };

        var answer = await call.RunAsync(fixture.Host);

        var cost = AnthropicFixture.Cost(21, 503, cached: 2048, written: 512, hour: 400);
        (answer.Kinds[^1], answer.Ended?.PromptTokens, answer.Ended?.OutputTokens, answer.Ended?.CostNanoUsd).ShouldBe(('E', 2981, 503, cost));
        var usage = answer.Last.GetProperty("usage");
        usage.GetProperty("cost").GetDecimal().ShouldBe(cost / 1_000_000_000m);
        usage.GetProperty("output_tokens").GetInt64().ShouldBe(503);
        answer.Last.GetProperty("type").GetString().ShouldBe(stream ? "message_delta" : "message");
        answer.Chunks.ShouldNotContain(json => json.Contains("message_stop", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.NoDone)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    public async Task An_answer_without_its_last_event_is_broken(Ending ending)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 6, Ending = ending, EndAfter = 3 });

        var answer = await new TestCall(model) { Dialect = Dialect.AnthropicMessages, Body = Hello.Replace("\"future\":{\"a\":1},", "", StringComparison.Ordinal) }.RunAsync(fixture.Host);

        answer.Kinds.ShouldMatch("^(Sc+)?F$");
        answer.Chunks.ShouldNotContain(json => json.Contains("message_delta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Its_body_passes_with_fields_that_nobody_knows_here()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script());

        await new TestCall(model) { Dialect = Dialect.AnthropicMessages, Body = Hello }.RunAsync(fixture.Host);

        fixture.Provider.CallsOf(model)[^1].Json.GetProperty("future").GetProperty("a").GetInt32().ShouldBe(1);
    }

    /// <summary>R43: what Anthropic knows survives the way through the chat form.</summary>
    [Theory]
    [InlineData("parallel-tools-with-thinking")]
    [InlineData("text")]
    public void Messages_that_become_chat_become_the_same_messages_again(string name)
    {
        var original = new Golden("Dialects/Messages/Golden").Read(name + ".messages.json");
        var output = new ArrayBufferWriter<byte>();

        var written = AnthropicWire.Write(MessagesRequest.Read(original).Chat!, AnthropicGoldenTests.Deployment("claude-opus-4-8"), stream: false, 1024, output);

        written.Fault.ShouldBeNull();
        var (before, after) = (JsonNode.Parse(original)!, JsonNode.Parse(output.WrittenSpan)!);
        foreach (var member in new[] { "messages", "system", "tools" })
        {
            Blocks(Only(after, member)).ShouldBe(Blocks(Only(before, member)), member);
        }
    }

    private static JsonObject Only(JsonNode request, string member) => new() { [member] = request[member]?.DeepClone() };

    private static string? Blocks(JsonObject request) => Blocks((JsonNode)request)?.ToJsonString();

    // Anthropic takes a string for one text block; "custom" is what a tool without a type is.
    private static JsonNode? Blocks(JsonNode? node)
    {
        switch (node)
        {
            case JsonArray array:
                return new JsonArray([.. array.Select(item => Blocks(item))]);
            case JsonObject members:
                var copy = new JsonObject();
                foreach (var (key, value) in members.OrderBy(member => member.Key, StringComparer.Ordinal).Where(member => member is not { Key: "type", Value: JsonValue value } || value.ToString() != "custom"))
                {
                    copy[key] = key is "content" or "system" && value is JsonValue text
                        ? new JsonArray(new JsonObject { ["text"] = text.ToString(), ["type"] = "text" })
                        : Blocks(value);
                }

                return copy;
            default:
                return node?.DeepClone();
        }
    }
}
