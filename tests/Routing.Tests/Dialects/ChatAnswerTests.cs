using System.Buffers;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class ChatAnswerTests
{
    private static readonly TokenUsage Reported = new(9, 0, 0, 5, 0, Estimated: false);

    [Fact]
    public void The_cost_goes_into_the_usage_and_nothing_else_changes()
    {
        const string Json = "{ \"choices\": [{\"x\":1}], \"usage\": {\"prompt_tokens\":9, \"completion_tokens\":5,\"new_field\":{\"a\":[]}} , \"extra\":\"é\" }\n";

        WithCost(Json, Reported, 140_000).ShouldBe(
            "{ \"choices\": [{\"x\":1}], \"usage\": {\"prompt_tokens\":9,\"completion_tokens\":5,\"new_field\":{\"a\":[]},\"cost\":0.00014,\"cost_details\":{\"upstream_inference_cost\":null}} , \"extra\":\"é\" }\n");
    }

    [Fact]
    public void A_providers_own_cost_is_replaced()
    {
        const string Json = """{"choices":[{}],"usage":{"cost":7,"prompt_tokens":9,"completion_tokens":5,"cost_details":{"a":1}}}""";

        WithCost(Json, Reported, 1).ShouldBe(
            """{"choices":[{}],"usage":{"prompt_tokens":9,"completion_tokens":5,"cost":0.000000001,"cost_details":{"upstream_inference_cost":null}}}""");
    }

    [Theory]
    [InlineData("""{"choices":[{}]}""")]
    [InlineData("""{"usage":null,"choices":[{}]}""")]
    [InlineData("""{ "usage" : "none" , "choices":[{}] }""")]
    [InlineData("""{"choices":[{}],"usage":null}""")]
    [InlineData("""{"choices":[{}] , "usage" : null , "x":1 }""")]
    public void A_usage_that_the_provider_left_out_is_added_and_said_to_be_estimated(string json)
    {
        var document = JsonDocument.Parse(WithCost(json, Reported with { Estimated = true }, 2_000_000_000));

        document.RootElement.EnumerateObject().Count(member => member.NameEquals("usage")).ShouldBe(1);
        document.RootElement.GetProperty("usage").GetRawText().ShouldBe(
            """{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"cost":2,"cost_details":{"upstream_inference_cost":null,"estimated":true}}""");
        document.RootElement.GetProperty("choices").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public void Without_a_usage_chunk_of_the_provider_one_is_made_with_the_streams_head()
    {
        var first = Encoding.UTF8.GetBytes("""{"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"delta":{"content":"x"}}],"usage":null}""");

        Text(ChatAnswer.UsageChunk(default, default, first, Reported with { Estimated = true }, 10)).ShouldBe(
            """{"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":5,"total_tokens":14,"cost":0.00000001,"cost_details":{"upstream_inference_cost":null,"estimated":true}}}""");
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.000000001")]
    [InlineData(140_000, "0.00014")]
    [InlineData(1_000_000_000, "1")]
    [InlineData(10_000_000_000, "10")]
    [InlineData(long.MaxValue, "9223372036.854775807")]
    public void Money_is_a_plain_decimal_without_exponent_or_trailing_zeros(long nano, string text)
    {
        var buffer = new ArrayBufferWriter<byte>();

        ChatAnswer.WriteUsd(buffer, nano);

        Text(buffer.WrittenMemory).ShouldBe(text);
    }

    private static string WithCost(string json, TokenUsage usage, long cost)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        ChatChunk.TryRead(bytes, out var read).ShouldBeTrue();
        return Text(ChatAnswer.WithCost(bytes, read.UsageRange, usage, cost));
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
