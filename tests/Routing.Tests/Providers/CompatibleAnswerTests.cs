using System.Text;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Providers;

public sealed class CompatibleAnswerTests
{
    private static readonly Deployment Server = new() { Id = "d", ModelName = "m", Provider = ProviderName.Vllm, UpstreamModel = "m", Adapter = "openai" };

    [Fact]
    public void What_is_right_passes_byte_for_byte()
    {
        string[] chunks =
        [
            """{"choices": [ {"index":0,"delta":{"role":"assistant","content":""} } ], "x":1e3}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            "[DONE]",
        ];

        Stream(chunks).ShouldBe(chunks);
        Stream("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""").ShouldBe(["""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"""]);
    }

    [Fact]
    public void An_empty_role_is_the_assistants() =>
        Stream("""{"choices":[{"index":0,"delta":{"role":"","content":"x"}}]}""").ShouldBe(["""{"choices":[{"index":0,"delta":{"role":"assistant","content":"x"}}]}"""]);

    [Fact]
    public void Tool_calls_without_an_index_are_counted_and_their_pieces_belong_to_the_last()
    {
        Stream(
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""").ShouldBe(
        [
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"},"index":0}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"}"},"index":0}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":"{}"},"index":1}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        ]);
    }

    [Theory]
    [InlineData("""[{"id":"a","function":{}}]""", "tool_calls")]
    [InlineData("[]", "stop")]
    [InlineData("null", "stop")]
    public void A_plain_answer_with_tool_calls_has_stopped_for_them(string calls, string reason)
    {
        var (json, fault) = new CompatibleAnswer(Server).Translate(
            Encoding.UTF8.GetBytes($$$"""{"choices":[{"message":{"tool_calls":{{{calls}}}},"finish_reason":"stop"}]}"""));

        fault.ShouldBeNull();
        Encoding.UTF8.GetString(json.Span).ShouldEndWith($$"""
            "finish_reason":"{{reason}}"}]}
            """);
    }

    private static List<string> Stream(params string[] chunks)
    {
        var answer = new CompatibleAnswer(Server);
        using var output = new ChatEvents("m", 0);
        foreach (var chunk in chunks)
        {
            answer.Translate(new SseEvent(Encoding.UTF8.GetBytes(chunk), Bare: false), output).ShouldBeNull();
        }

        var events = new List<SseEvent>();
        output.AddTo(events);
        return [.. events.Select(item => Encoding.UTF8.GetString(item.Data.Span))];
    }
}
