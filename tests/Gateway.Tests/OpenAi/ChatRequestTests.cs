using System.Text;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Tests.OpenAi;

public sealed class ChatRequestTests
{
    private const string Messages = """ "messages": [{ "role": "user", "content": "hi" }] """;

    [Fact]
    public void The_fields_that_the_gateway_needs_are_read_and_the_rest_is_skipped()
    {
        var error = Read(
            """
            { "unknown": { "model": "no", "messages": [1, [2]] }, "model": "gpt-x", "stream": true, "temperature": 0.5,
              "messages": [{ "content": [{ "type": "text", "text": "hi" }], "role": "user" }],
              "max_completion_tokens": 12, "stream_options": { "other": [], "include_usage": true } }
            """,
            out var request);

        error.ShouldBeNull();
        request.ShouldBe(new ChatRequest("gpt-x", Stream: true, MaxOutputTokens: 12, IncludeUsage: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData(""" "model": null, "stream": null, "max_tokens": null, "max_completion_tokens": null, "stream_options": null, """)]
    [InlineData(""" "model": "", "stream": false, "stream_options": { "include_usage": null }, """)]
    public void What_is_left_out_or_null_has_its_default(string fields)
    {
        Read($"{{ {fields} {Messages} }}", out var request).ShouldBeNull();

        request.ShouldBe(new ChatRequest("", Stream: false, MaxOutputTokens: null, IncludeUsage: false));
    }

    [Theory]
    [InlineData("max_tokens")]
    [InlineData("max_completion_tokens")]
    public void Either_name_of_the_token_limit_counts(string name)
    {
        Read($$"""{ "{{name}}": 7, "max_tokenz": 9, {{Messages}} }""", out var request).ShouldBeNull();

        request.MaxOutputTokens.ShouldBe(7);
    }

    [Theory]
    [InlineData("""{ }""", "messages")]
    [InlineData("""{ "messages": null }""", "messages")]
    [InlineData("""{ "messages": [{ "content": "hi" }] }""", "messages[0].role")]
    [InlineData("""{ "messages": [{ "role": "user" }, {}] }""", "messages[1].role")]
    public void A_missing_field_is_named(string body, string param)
    {
        var error = Read(body, out _).ShouldNotBeNull();

        (error.Status, error.Type, error.Code, error.Param).ShouldBe((400, "invalid_request_error", "missing_required_parameter", param));
    }

    [Theory]
    [InlineData(""" "model": 5 """, "model")]
    [InlineData(""" "model": ["gpt-x"] """, "model")]
    [InlineData(""" "model": "a\u0007b" """, "model")]
    [InlineData(""" "stream": "true" """, "stream")]
    [InlineData(""" "stream": 1 """, "stream")]
    [InlineData(""" "stream_options": true """, "stream_options")]
    [InlineData(""" "stream_options": { "include_usage": "yes" } """, "stream_options.include_usage")]
    [InlineData(""" "max_tokens": 0 """, "max_tokens")]
    [InlineData(""" "max_tokens": -1 """, "max_tokens")]
    [InlineData(""" "max_tokens": 1.5 """, "max_tokens")]
    [InlineData(""" "max_tokens": "10" """, "max_tokens")]
    [InlineData(""" "max_tokens": 99999999999999999999 """, "max_tokens")]
    [InlineData(""" "max_completion_tokens": 0 """, "max_completion_tokens")]
    [InlineData(""" "max_completion_tokens": {} """, "max_completion_tokens")]
    [InlineData(""" "max_completion_tokens": 5, "max_tokens": 5 """, "max_tokens")]
    [InlineData(""" "max_tokens": 5, "max_tokens": 5000 """, "max_tokens")]
    [InlineData(""" "model": "cheap", "mod\u0065l": "dear" """, "model")]
    [InlineData(""" "stream": true, "stream": false """, "stream")]
    [InlineData(""" "stream_options": { "include_usage": true, "include_usage": false } """, "stream_options.include_usage")]
    public void A_wrong_value_is_named(string fields, string param)
    {
        var error = Read($"{{ {fields}, {Messages} }}", out _).ShouldNotBeNull();

        (error.Status, error.Type, error.Code, error.Param).ShouldBe((400, "invalid_request_error", "invalid_value", param));
    }

    [Theory]
    [InlineData("""{ "messages": "hi" }""", "messages")]
    [InlineData("""{ "messages": [] }""", "messages")]
    [InlineData("""{ "messages": {} }""", "messages")]
    [InlineData("""{ "messages": ["hi"] }""", "messages[0]")]
    [InlineData("""{ "messages": [{ "role": "user" }, null] }""", "messages[1]")]
    [InlineData("""{ "messages": [{ "role": 1 }] }""", "messages[0].role")]
    [InlineData("""{ "messages": [{ "role": "user" }], "messages": [{ "role": "user" }] }""", "messages")]
    public void Messages_that_are_none_are_named(string body, string param)
    {
        var error = Read(body, out _).ShouldNotBeNull();

        (error.Code, error.Param).ShouldBe(("invalid_value", param));
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("\"\"")]
    [InlineData("[\"a\", \"b\"]")]
    [InlineData("[1, 2]")]
    [InlineData("[[1, 2], []]")]
    public void A_text_is_a_string_or_tokens_or_several_of_them(string text)
    {
        foreach (var field in new[] { PromptField.Prompt, PromptField.Input })
        {
            ChatRequest.Read(Encoding.UTF8.GetBytes($$"""{ "model": "gpt-x", "{{field.Name}}": {{text}}, "stream": true }"""), field, out var request).ShouldBeNull();

            request.ShouldBe(new ChatRequest("gpt-x", Stream: true, MaxOutputTokens: null, IncludeUsage: false));
        }
    }

    [Theory]
    [InlineData(""" "input": 5 """, "invalid_value")]
    [InlineData(""" "input": [] """, "invalid_value")]
    [InlineData(""" "input": [1, "a"] """, "invalid_value")]
    [InlineData(""" "input": [[1], "a"] """, "invalid_value")]
    [InlineData(""" "input": [["a"]] """, "invalid_value")]
    [InlineData(""" "input": [{}] """, "invalid_value")]
    [InlineData(""" "input": "a", "input": "b" """, "invalid_value")]
    [InlineData(""" "input": null """, "missing_required_parameter")]
    [InlineData(""" "prompt": "a" """, "missing_required_parameter")]
    public void A_text_that_is_none_is_named(string fields, string code)
    {
        var error = ChatRequest.Read(Encoding.UTF8.GetBytes($"{{ {fields} }}"), PromptField.Input, out _).ShouldNotBeNull();

        (error.Status, error.Code, error.Param).ShouldBe((400, code, "input"));
    }

    [Theory]
    [InlineData("", "line 1, byte 1")]
    [InlineData("   ", "line 1, byte 4")]
    [InlineData("[]", "line 1, byte 1")]
    [InlineData("null", "line 1, byte 1")]
    [InlineData("{", "line 1, byte 2")]
    [InlineData("{\n  \"model\": tru }", "line 2, byte 15")]
    [InlineData("{ \"messages\": [{ \"role\": \"user\" }] } trailing", "line 1, byte 38")]
    [InlineData("{ \"messages\": [{ \"role\": \"user\" }],\n }", "line 2, byte 2")]
    [InlineData("{\n\"model\": \"\\ud800\" }", "line 2, byte 10")]
    [InlineData("\ufeff{}", "line 1, byte 1")]
    public void What_is_not_JSON_is_refused_with_its_place(string body, string place)
    {
        var error = Read(body, out _).ShouldNotBeNull();

        (error.Status, error.Type, error.Code).ShouldBe((400, "invalid_request_error", "invalid_json"));
        error.Message.ShouldEndWith($": {place}.");
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused_wherever_they_stand()
    {
        var body = Encoding.Latin1.GetBytes($"{{ \"unknown\":\n \"caf\u00e9\", {Messages} }}");

        var error = ChatRequest.Read(body, PromptField.Messages, out _).ShouldNotBeNull();

        (error.Status, error.Code).ShouldBe((400, "invalid_json"));
        error.Message.ShouldEndWith("line 2, byte 6.");
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(100_000, false)]
    public void Depth_is_bounded(int arrays, bool accepted)
    {
        var deep = string.Concat(Enumerable.Repeat("[", arrays)) + string.Concat(Enumerable.Repeat("]", arrays));

        var error = Read($"{{ \"deep\": {deep}, {Messages} }}", out _);

        (error?.Code).ShouldBe(accepted ? null : "invalid_json");
    }

    private static ApiError? Read(string body, out ChatRequest request) => ChatRequest.Read(Encoding.UTF8.GetBytes(body), PromptField.Messages, out request);
}
