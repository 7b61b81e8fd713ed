using System.Text;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;

namespace LlmGateway.Routing.Tests.Dialects;

public sealed class CompletionTests
{
    [Fact]
    public void A_prompt_becomes_one_user_message_and_the_rest_stays()
    {
        var request = Read("""{ "model":"m", "prompt" : "Once \u0022upon", "max_tokens":16, "best_of":1, "echo":false, "logprobs":null, "temperature":0.50 }""", out _);

        request.ShouldNotBeNull();
        Text(request.Chat.Body.Span).ShouldBe("""{"model":"m","max_tokens":16,"temperature":0.50,"messages":[{"role":"user","content":"Once \u0022upon"}]}""");
        (request.MaxOutputTokens, request.Choices, request.PromptBytes).ShouldBe((16, 1, 10));
    }

    [Theory]
    [InlineData("""{"prompt":["a"],"n":3}""", 3, null)]
    [InlineData("""{"prompt":["a","b"],"n":3}""", 6, "prompt")]
    [InlineData("""{"prompt":[1,2]}""", 1, "prompt")]
    [InlineData("""{"prompt":[[1,2],[3]]}""", 2, "prompt")]
    [InlineData("""{"prompt":"a","echo":true}""", 1, "echo")]
    [InlineData("""{"prompt":"a","suffix":"z"}""", 1, "suffix")]
    [InlineData("""{"prompt":"a","logprobs":0}""", 1, "logprobs")]
    public void What_no_chat_can_do_is_known_by_name_and_left_to_models_that_complete(string body, int choices, string? field)
    {
        var request = Read(body, out _).ShouldNotBeNull();

        (request.Choices, request.Unchattable?.Field).ShouldBe((choices, field));
        if (field is not null)
        {
            Should.Throw<InvalidOperationException>(() => request.Chat);
        }
    }

    [Theory]
    [InlineData("""{"model":"m"}""", "prompt")]
    [InlineData("""{"prompt":null}""", "prompt")]
    [InlineData("""{"prompt":[]}""", "prompt")]
    [InlineData("""{"prompt":[1,"a"]}""", "prompt")]
    [InlineData("""{"prompt":[["a"]]}""", "prompt")]
    [InlineData("""{"prompt":"a","prompt":"b"}""", "prompt")]
    [InlineData("""{"prompt":"a","best_of":5,"n":2}""", "best_of")]
    [InlineData("""{"prompt":["a","b","c"],"n":1000}""", "prompt")]
    [InlineData("""{"prompt":"a","max_tokens":0}""", "max_tokens")]
    [InlineData("""{"prompt":"a","messages":[]}""", "messages")]
    [InlineData("""{"prompt":"a","Model":"dear"}""", "Model")]
    [InlineData("""{"prompt":"a"}]""", "")]
    public void What_cannot_be_used_is_named(string body, string field)
    {
        Read(body, out var param).ShouldBeNull();

        param.ShouldBe(field);
    }

    [Fact]
    public void A_chats_answer_becomes_a_completions()
    {
        const string Chat = """
            {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi \"you\"\n",
            "annotations":[{"content":"x"}]},"logprobs":null,"finish_reason":"stop"},{"index":1,"message":{"content":null},"finish_reason":"length"}],"usage":{"cost":0.5}}
            """;

        Text(CompletionText.Whole(Encoding.UTF8.GetBytes(Chat)).Span).ShouldBe(
            """{"object":"text_completion","id":"chatcmpl-1","created":7,"model":"m","choices":[{"text":"Hi \"you\"\n","index":0,"logprobs":null,"finish_reason":"stop"},"""
            + """{"text":"","index":1,"logprobs":null,"finish_reason":"length"}],"usage":{"cost":0.5}}""");
    }

    [Theory]
    [InlineData("""{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""", null)]
    [InlineData("""{"choices":[{"index":0,"delta":{"reasoning_content":"Hm"},"finish_reason":null}]}""", null)]
    [InlineData("""{"choices":[{"index":2,"delta":{"content":"é\n"},"finish_reason":null}]}""", """{"object":"text_completion","choices":[{"text":"é\n","index":2,"logprobs":null,"finish_reason":null}]}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""", """{"object":"text_completion","choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[],"usage":{"cost":1,"details":{"a":0}}}""", """{"object":"text_completion","choices":[],"usage":{"cost":1,"details":{"a":0}}}""")]
    public void A_chunk_without_text_or_end_is_left_out(string chunk, string? completion)
    {
        using var output = new PooledBuffer(64);

        CompletionText.Write(Encoding.UTF8.GetBytes(chunk), output).ShouldBe(completion is not null);
        Text(output.WrittenMemory.Span).ShouldBe(completion ?? "");
    }

    private static CompletionRequest? Read(string body, out string param) => CompletionRequest.Read(Encoding.UTF8.GetBytes(body), out _, out param);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
