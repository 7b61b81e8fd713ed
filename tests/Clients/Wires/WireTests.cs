using System.Text.Json;

namespace LlmGateway.Clients.Tests.Wires;

/// <summary>The fake provider is what each vendor's own client takes it for.</summary>
public sealed class WireTests(WireRun run) : IClassFixture<WireRun>
{
    public static TheoryData<string, string, string, string, string> Finishes => new()
    {
        { "openai", "stop", "tool_calls", "length", "content_filter" },
        { "azure", "stop", "tool_calls", "length", "content_filter" },
        { "responses", "completed", "completed", "max_output_tokens", "content_filter" },
        { "anthropic", "end_turn", "tool_use", "max_tokens", "refusal" },
        { "gemini", "STOP", "STOP", "MAX_TOKENS", "SAFETY" },
    };

    [Theory]
    [MemberData(nameof(Finishes))]
    public void An_answer_is_whole_and_ends_in_the_vendors_word(string vendor, string plain, string tools, string limited, string refused)
    {
        foreach (var form in new[] { "whole", "stream" })
        {
            Text(vendor, "plain", form, "text").ShouldBe("word0 word1 word2 ");
            Text(vendor, "plain", form, "finish").ShouldBe(plain);
            Text(vendor, "tools", form, "finish").ShouldBe(tools);
            Text(vendor, "long", form, "finish").ShouldBe(limited);
            Text(vendor, "refused", form, "finish").ShouldBe(refused);
        }
    }

    [Theory]
    [InlineData("openai", 2)]
    [InlineData("azure", 2)]
    [InlineData("responses", 2)]
    [InlineData("anthropic", 2)]
    [InlineData("gemini", 0)]
    public void Usage_is_exact(string vendor, int written)
    {
        foreach (var form in new[] { "whole", "stream" })
        {
            Usage(vendor, "plain", form).ShouldBe((20, 3, written, 3, 0));
            Usage(vendor, "thinking", form).ShouldBe((3, 0, 0, 5, 2));
        }
    }

    [Fact]
    public void Anthropic_says_what_of_the_cache_is_kept_for_an_hour()
    {
        run.Result("anthropic plain whole").GetProperty("usage").GetProperty("writtenForAnHour").GetInt64().ShouldBe(1);
        run.Result("anthropic plain stream").GetProperty("usage").GetProperty("writtenForAnHour").GetInt64().ShouldBe(1);
    }

    [Theory]
    [InlineData("openai", "")]
    [InlineData("azure", "")]
    [InlineData("responses", "{}")]
    [InlineData("anthropic", "{}")]
    [InlineData("gemini", "{}")]
    public void Parallel_calls_come_with_their_arguments(string vendor, string none)
    {
        foreach (var form in new[] { "whole", "stream" })
        {
            run.Result($"{vendor} tools {form}").GetProperty("tools").EnumerateArray()
                .Select(tool => (tool.GetProperty("name").GetString(), tool.GetProperty("arguments").GetString()))
                .ShouldBe([("weather", """{"city":"Oslo"}"""), ("now", none)]);
        }
    }

    [Theory]
    [InlineData("openai", false)]
    [InlineData("azure", false)]
    [InlineData("responses", false)]
    [InlineData("anthropic", true)]
    [InlineData("gemini", true)]
    public void Thinking_is_no_text_and_is_signed(string vendor, bool isSigned)
    {
        foreach (var form in new[] { "whole", "stream" })
        {
            Text(vendor, "thinking", form, "thinking").ShouldBe("Hm. Well.");
            Text(vendor, "thinking", form, "text").ShouldBe("word0 word1 word2 ");
            if (isSigned)
            {
                Text(vendor, "thinking", form, "signature").ShouldBe(FakeProvider.Script.DefaultSignature);
            }
        }
    }

    [Theory]
    [InlineData("openai", "rate", "RateLimitError", 429, "7")]
    [InlineData("openai", "overloaded", "InternalServerError", 503)]
    [InlineData("openai", "policy", "BadRequestError", 400)]
    [InlineData("openai", "context", "BadRequestError", 400)]
    [InlineData("azure", "rate", "RateLimitError", 429, "7")]
    [InlineData("azure", "policy", "BadRequestError", 400)]
    [InlineData("responses", "rate", "RateLimitError", 429, "7")]
    [InlineData("responses", "context", "BadRequestError", 400)]
    [InlineData("anthropic", "rate", "RateLimitError", 429, "7")]
    [InlineData("anthropic", "overloaded", "OverloadedError", 529)]
    [InlineData("anthropic", "policy", "BadRequestError", 400)]
    [InlineData("anthropic", "context", "BadRequestError", 400)]
    [InlineData("gemini", "rate", "ApiError", 429)]
    [InlineData("gemini", "overloaded", "ApiError", 503)]
    [InlineData("gemini", "context", "ApiError", 400)]
    public void A_refusal_is_of_the_right_class(string vendor, string model, string type, int status, string? retryAfter = null)
    {
        foreach (var form in new[] { "whole", "stream" })
        {
            var thrown = run.Result($"{vendor} {model} {form}");
            thrown.GetProperty("class").GetString().ShouldBe(type);
            thrown.GetProperty("status").GetInt32().ShouldBe(status);
            thrown.GetProperty("retryAfter").GetString().ShouldBe(retryAfter);
        }
    }

    [Fact]
    public void Gemini_says_in_the_body_when_to_come_back_and_blocks_a_prompt_with_status_200()
    {
        Message("gemini rate whole").ShouldContain("\"retryDelay\":\"7s\"");
        run.Result("gemini policy whole").GetProperty("class").ValueKind.ShouldBe(JsonValueKind.Null);
        run.Result("gemini policy stream").GetProperty("class").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("openai", "AuthenticationError", 401, "Incorrect API key")]
    [InlineData("azure", "AuthenticationError", 401, "invalid subscription key")]
    [InlineData("responses", "AuthenticationError", 401, "Incorrect API key")]
    [InlineData("anthropic", "AuthenticationError", 401, "invalid x-api-key")]
    [InlineData("gemini", "ApiError", 400, "API_KEY_INVALID")]
    public void A_wrong_key_is_refused_in_the_vendors_words(string vendor, string type, int status, string words)
    {
        var thrown = run.Result(vendor + " wrong key");

        thrown.GetProperty("class").GetString().ShouldBe(type);
        thrown.GetProperty("status").GetInt32().ShouldBe(status);
        thrown.GetProperty("message").GetString()!.ShouldContain(words);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("responses")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    public void A_stream_that_is_cut_or_reports_an_error_raises(string vendor)
    {
        run.Result(vendor + " cut whole").GetProperty("class").ValueKind.ShouldBe(JsonValueKind.String);
        run.Result(vendor + " cut stream").GetProperty("class").ValueKind.ShouldBe(JsonValueKind.String);
        run.Result(vendor + " broken stream").GetProperty("class").ValueKind.ShouldBe(JsonValueKind.String);
    }

    [Theory]
    [InlineData("openai", "tool_call_ids did not have response messages")]
    [InlineData("responses", "No tool output found for function call")]
    [InlineData("anthropic", "`tool_use` ids were found without `tool_result` blocks")]
    [InlineData("gemini", "number of function response parts")]
    public void A_conversation_goes_on_when_every_call_is_answered(string vendor, string otherwise)
    {
        var turns = run.Result(vendor + " turns");

        turns.GetProperty("answered").GetString().ShouldBe("It is cold.");
        turns.GetProperty("unanswered").GetProperty("message").GetString()!.ShouldContain(otherwise);
    }

    [Fact]
    public void Gemini_wants_its_signature_back()
    {
        run.Result("gemini turns").GetProperty("unsigned").GetProperty("message").GetString()!.ShouldContain("missing a thought_signature");
    }

    [Fact]
    public void Embeddings_are_the_same_numbers_in_every_form()
    {
        var expected = new[] { "one text", "another" }.Select(text => FakeProvider.Embedding.Of(text, 8)).ToList();
        foreach (var form in new[] { "base64", "float", "gemini" })
        {
            run.Result("embeddings").GetProperty(form).EnumerateArray()
                .Select(vector => vector.EnumerateArray().Select(value => value.GetSingle()).ToList()).ShouldBe(expected);
        }
    }

    [Fact]
    public void Completions_counts_and_lists_are_read()
    {
        run.Result("completions").GetProperty("whole").GetString().ShouldBe("word0 word1 word2 ");
        run.Result("completions").GetProperty("stream").GetString().ShouldBe("word0 word1 word2 ");
        run.Result("count").GetProperty("input_tokens").GetInt64().ShouldBe(20);
        run.Result("models").GetProperty("openai").EnumerateArray().Select(id => id.GetString()).ShouldContain("plain");
        run.Result("models").GetProperty("anthropic").EnumerateArray().Select(id => id.GetString()).ShouldContain("plain");
    }

    private string Text(string vendor, string model, string form, string name) => run.Result($"{vendor} {model} {form}").GetProperty(name).GetString()!;

    private string Message(string name) => run.Result(name).GetProperty("message").GetString()!;

    private (long Prompt, long Cached, long Written, long Completion, long Reasoning) Usage(string vendor, string model, string form)
    {
        var usage = run.Result($"{vendor} {model} {form}").GetProperty("usage");
        return (Of("prompt"), Of("cached"), Of("written"), Of("completion"), Of("reasoning"));

        long Of(string name) => usage.GetProperty(name).GetInt64();
    }
}
