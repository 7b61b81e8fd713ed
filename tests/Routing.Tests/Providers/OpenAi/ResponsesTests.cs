using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Providers.OpenAi;

/// <summary>When OpenAI's Responses is called, what of a client's own body is changed for it, and that no piece of an answer is taken for the whole (P5).</summary>
public sealed class ResponsesTests
{
    private static readonly Golden Golden = new("Providers/OpenAi/Golden");

    [Theory]
    [InlineData("gpt-5.6", "", false)]
    [InlineData("gpt-5.6", """ "tools":[{"type":"function"}],""", true)]
    [InlineData("gpt-5.6", """ "tools":[{"type":"function"}],"reasoning_effort":"none",""", false)]
    [InlineData("gpt-6-luna", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", false)]
    [InlineData("gpt-5.4-mini", """ "tools":[{"type":"function"}],""", false)]
    [InlineData("gpt-5.5", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", true)]
    [InlineData("gpt-5.5", """ "tools":[{"type":"function"}],"reasoning_effort":"none",""", false)]
    [InlineData("gpt-5.5", """ "reasoning_effort":"low",""", false)]
    [InlineData("gpt-5.3-chat-latest", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", false)]
    [InlineData("gpt-5.1", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", false)]
    [InlineData("gpt-4o", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", false)]
    [InlineData("o3", """ "tools":[{"type":"function"}],"reasoning_effort":"low",""", false)]
    public void Functions_of_models_that_think_go_to_Responses_where_chat_refuses_them(string model, string members, bool expected)
    {
        var chat = Encoding.UTF8.GetBytes($$"""{"model":"{{model}}",{{members}}"messages":[{"role":"user","content":"x"}]}""");

        ResponsesCall.Takes(ResponsesGoldenTests.Request(chat)).ShouldBe(expected);
    }

    [Fact]
    public void A_conversation_that_began_at_Responses_goes_on_there()
    {
        var chat = """{"model":"gpt-5.4","messages":[{"role":"assistant","content":"x","reasoning_items":[]},{"role":"user","content":"\"reasoning_items\""}]}"""u8;
        var quoted = """{"model":"gpt-5.4","messages":[{"role":"user","content":"\"reasoning_items\""}]}"""u8;

        ResponsesCall.Takes(ResponsesGoldenTests.Request(chat.ToArray())).ShouldBeTrue();
        ResponsesCall.Takes(ResponsesGoldenTests.Request(quoted.ToArray())).ShouldBeFalse();
    }

    [Theory]
    [InlineData(ProviderName.OpenAi, ModelMode.Chat, Dialect.OpenaiResponses, true)]
    [InlineData(ProviderName.OpenAiCompatible, ModelMode.Chat, Dialect.OpenaiResponses, false)]
    [InlineData(ProviderName.OpenAiCompatible, ModelMode.Responses, Dialect.OpenaiResponses, true)]
    [InlineData(ProviderName.OpenAi, ModelMode.Responses, Dialect.OpenaiChat, true)]
    [InlineData(ProviderName.OpenAi, ModelMode.Chat, Dialect.OpenaiChat, false)]
    internal void Clients_that_speak_Responses_get_OpenAI_s_own_and_models_that_need_it_get_it(
        string provider, ModelMode mode, Dialect dialect, bool expected)
    {
        var body = """{"model":"gpt-4o","input":"x","messages":[{"role":"user","content":"x"}]}"""u8.ToArray();
        var request = ResponsesGoldenTests.Request(body, dialect: dialect);

        ResponsesCall.Takes(request with { Deployment = request.Deployment with { Provider = provider, Mode = mode } }).ShouldBe(expected);
    }

    [Theory]
    [InlineData(
        """{"model":"alias","input":"x","store":true,"stream":false,"unknown":[1]}""", null,
        """{"model":"alias","stream":false,"store":false,"input":"x","unknown":[1]}""")]
    [InlineData(
        """{ "input" : "\u00e9", "max_output_tokens":null, "model":"alias" }""", 300L,
        """{"model":"alias","stream":false,"store":false,"max_output_tokens":300,"input" : "\u00e9"}""")]
    [InlineData(
        """{"model":"alias","input":"x","max_output_tokens":20,"stream_options":{"include_obfuscation":false}}""", null,
        """{"model":"alias","stream":false,"store":false,"input":"x","max_output_tokens":20}""")]
    public void A_client_s_own_body_passes_with_what_is_ours_in_its_place(string body, long? maximum, string expected)
    {
        using var output = new PooledBuffer(16);

        ResponsesBody.Write(ResponsesGoldenTests.Request(Encoding.UTF8.GetBytes(body), dialect: Dialect.OpenaiResponses, maximum: maximum), output);

        Encoding.UTF8.GetString(output.WrittenMemory.Span).ShouldBe(expected);
    }

    [Theory]
    [InlineData("responses-stream-text")]
    [InlineData("responses-stream-calls")]
    public async Task Cutting_a_stream_into_pieces_changes_nothing(string name)
    {
        var bytes = Golden.Read(name + ".sse");
        var (translated, native) = (await ResponsesStreams.TranslatedAsync(bytes), await ResponsesStreams.NativeAsync(bytes));

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
            ResponsesStreams.TranslatedAsync(bytes, cuts).GetAwaiter().GetResult().Events.SequenceEqual(translated.Events)
            && ResponsesStreams.NativeAsync(bytes, cuts).GetAwaiter().GetResult().Events.SequenceEqual(native.Events)));
    }

    [Theory]
    [InlineData("responses-stream-text")]
    [InlineData("responses-stream-length")]
    [InlineData("responses-stream-calls")]
    public async Task A_stream_that_is_cut_at_any_byte_is_never_whole(string name)
    {
        var bytes = Golden.Read(name + ".sse");

        // The last event may do without its blank line.
        var whole = bytes.AsSpan().TrimEnd("\n"u8).Length;
        for (var length = 0; length < whole; length++)
        {
            (await ResponsesStreams.TranslatedAsync(bytes[..length])).Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
            (await ResponsesStreams.NativeAsync(bytes[..length])).Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
        }

        (await ResponsesStreams.TranslatedAsync(bytes)).Step.ShouldBe(StreamStep.Ended);
        (await ResponsesStreams.NativeAsync(bytes)).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public void Any_bytes_are_a_broken_answer() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], int[]>((bytes, cuts) =>
            ResponsesStreams.TranslatedAsync(bytes, cuts).GetAwaiter().GetResult().Step == StreamStep.Broken
            && ResponsesStreams.NativeAsync(bytes, cuts).GetAwaiter().GetResult().Step == StreamStep.Broken));
}
