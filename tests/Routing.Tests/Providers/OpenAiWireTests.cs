using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Tests.Dialects;

namespace LlmGateway.Routing.Tests.Providers;

public sealed class OpenAiWireTests
{
    [Fact]
    public void Only_what_must_change_is_changed() =>
        Write("""{ "messages":[{"role":"user","content":"Hi \u00e9"}],  "model" : "alias", "future_field": {"a":[1e3, null]}, "temperature":0.10 }""", stream: false, null)
            .ShouldBe("""{ "messages":[{"role":"user","content":"Hi \u00e9"}],  "model" : "gpt-4o", "future_field": {"a":[1e3, null]}, "temperature":0.10 }""");

    [Fact]
    public void What_is_missing_goes_in_front() =>
        Write("""{"messages":[]}""", stream: true, 4096).ShouldBe(
            """{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":4096,"messages":[]}""");

    [Fact]
    public void A_stream_always_asks_for_usage_and_keeps_other_options() =>
        Write("""{"model":"a","stream":false,"stream_options":{"include_obfuscation":false,"include_usage":false},"messages":[]}""", stream: true, null).ShouldBe(
            """{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"messages":[]}""");

    [Fact]
    public void A_plain_call_has_no_stream_options() =>
        Write("""{"model":"a","stream":true,"stream_options":{"include_usage":true},"messages":[]}""", stream: false, null).ShouldBe(
            """{"model":"gpt-4o","stream":false,"stream_options":null,"messages":[]}""");

    [Theory]
    [InlineData("openai", """{"model":"a","max_tokens":null}""", """{"max_completion_tokens":256,"model":"gpt-4o","max_tokens":null}""")]
    [InlineData("openai", """{"model":"a","max_completion_tokens":null}""", """{"model":"gpt-4o","max_completion_tokens":256}""")]
    [InlineData("openai", """{"model":"a","max_tokens":null,"max_completion_tokens":null}""", """{"model":"gpt-4o","max_tokens":null,"max_completion_tokens":256}""")]
    [InlineData("vllm", """{"model":"a","max_tokens":null,"messages":[]}""", """{"model":"gpt-4o","max_tokens":256,"messages":[]}""")]
    [InlineData("vllm", """{"model":"a","max_completion_tokens":null}""", """{"max_tokens":256,"model":"gpt-4o","max_completion_tokens":null}""")]
    public void A_maximum_written_as_null_is_none_and_the_hold_goes_where_the_provider_reads_it(string provider, string body, string sent) =>
        Write(body, stream: false, 256, provider).ShouldBe(sent);

    [Fact]
    public void Servers_other_than_openai_get_max_tokens() =>
        Write("""{"model":"a"}""", stream: false, 256, provider: "llm_server").ShouldBe("""{"max_tokens":256,"model":"gpt-4o"}""");

    [Theory]
    [InlineData("vllm", "llama", """{"model":"a","max_completion_tokens":50}""", """{"max_tokens":50,"model":"llama","max_completion_tokens":50}""")]
    [InlineData("ollama", "gpt-oss:20b", """{"max_tokens":null,"model":"a","max_completion_tokens":50}""", """{"max_tokens":50,"model":"gpt-oss:20b","max_completion_tokens":50}""")]
    [InlineData("openai_compatible", "llama", """{"model":"a","max_tokens":20,"max_completion_tokens":50}""", """{"model":"llama","max_tokens":20,"max_completion_tokens":50}""")]
    [InlineData("openai_compatible", "llama", """{"model":"a","max_completion_tokens":null}""", """{"model":"llama","max_completion_tokens":null}""")]
    [InlineData("openai", "gpt-4o", """{"model":"a","max_completion_tokens":50}""", """{"model":"gpt-4o","max_completion_tokens":50}""")]
    [InlineData("openai_compatible", "openai/gpt-4o", """{"model":"a","max_completion_tokens":50}""", """{"model":"openai/gpt-4o","max_completion_tokens":50}""")]
    [InlineData("openai_compatible", "o3-mini", """{"model":"a","max_completion_tokens":50}""", """{"model":"o3-mini","max_completion_tokens":50}""")]
    [InlineData("litellm", "llama", """{"model":"a","max_completion_tokens":50}""", """{"model":"llama","max_completion_tokens":50}""")]
    public void A_server_that_may_overlook_the_newer_name_of_the_maximum_gets_both(string provider, string model, string body, string sent) =>
        Write(body, stream: false, maxTokens: null, provider, model).ShouldBe(sent);

    [Fact]
    public void A_name_that_is_no_text_goes_on_as_it_is() => Write("""{"model":"a","stream_options":{"include_u\ud800sage":1}}""", stream: true, maxTokens: null)
        .ShouldContain("""{"include_usage":true,"include_u\ud800sage":1}""");

    [Fact]
    public void A_model_name_is_encoded() =>
        JsonDocument.Parse(Write("""{"model":"a"}""", stream: false, null, model: "a\"b\\c")).RootElement.GetProperty("model").GetString().ShouldBe("a\"b\\c");

    [Fact]
    public void Any_order_of_members_gives_valid_json_with_the_same_members()
    {
        string[] members = ["\"model\":\"a\"", "\"stream\":null", "\"stream_options\":null", "\"max_tokens\":null", "\"n\":2", "\"messages\":[{\"content\":\"x\"}]"];

        Check.QuickThrowOnFailure(Prop.ForAll<int>(seed =>
        {
            var random = new Random(seed);
            var chosen = members.Where(_ => random.Next(2) == 0).Append("\"z\":0").ToArray();
            random.Shuffle(chosen);
            var sent = JsonDocument.Parse(Write("{" + string.Join(" , ", chosen) + "}", stream: true, 9)).RootElement;
            var names = sent.EnumerateObject().Select(member => member.Name).ToList();
            return names.Distinct().Count() == names.Count
                && sent.GetProperty("model").GetString() == "gpt-4o"
                && sent.GetProperty("stream").GetBoolean()
                && sent.GetProperty("stream_options").GetProperty("include_usage").GetBoolean()
                && sent.GetProperty("max_completion_tokens").GetInt32() == 9;
        }));
    }

    private static string Write(string body, bool stream, long? maxTokens, string provider = ProviderName.OpenAi, string model = "gpt-4o")
    {
        var output = new ArrayBufferWriter<byte>();
        var deployment = new Deployment { Id = "d", ModelName = "a", Provider = provider, UpstreamModel = model, Adapter = "openai" };
        OpenAiWire.Write(ChatRequestTests.Read(body), deployment, stream, maxTokens, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
