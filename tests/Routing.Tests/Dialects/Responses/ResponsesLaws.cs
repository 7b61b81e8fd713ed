using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Responses;
using LlmGateway.Routing.Streaming;
using LlmGateway.Routing.Tests.Streaming;

namespace LlmGateway.Routing.Tests.Dialects.Responses;

/// <summary>P5 and clear errors for clients that speak Responses, whichever way their provider's answer falls into pieces.</summary>
public sealed class ResponsesLaws
{
    private static readonly Golden Golden = new("Dialects/Responses/Golden");

    private static readonly string[] Names =
    [
        "model", "input", "instructions", "tools", "tool_choice", "type", "role", "content", "text", "format", "name", "call_id", "arguments", "output",
        "image_url", "summary", "reasoning", "effort", "max_output_tokens", "parameters", "schema", "stream", "other", "\\ud800",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "0", "1", "-1", "1.5", "99999999999999999999", "\"\"", "\"user\"", "\"assistant\"", "\"message\"", "\"function\"", "\"function_call\"",
        "\"function_call_output\"", "\"input_text\"", "\"input_image\"", "\"json_schema\"", "\"allowed_tools\"", "\"\\ud800\"", "\"\u00e9\"",
    ];

    [Fact]
    public void Any_JSON_is_a_call_or_a_fault_that_says_why() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Value(4).ToArbitrary(), text => IsDefined($$"""{"model":"m","input":{{text}}}""")
            && IsDefined($$"""{"model":"m","input":"x","tools":{{text}},"tool_choice":{{text}}}""")
            && IsDefined($$"""{"input":"x","text":{{text}},"reasoning":{{text}}}""") && IsDefined(text)));

    [Theory]
    [InlineData("stream-text")]
    [InlineData("stream-parallel-calls")]
    [InlineData("stream-reasoning")]
    public async Task Cutting_a_chat_stream_into_pieces_changes_nothing_the_client_can_tell(string name)
    {
        var whole = await ReadAsync(Golden.Read(name + ".sse"), []);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
            string.Concat(ReadAsync(Golden.Read(name + ".sse"), cuts).GetAwaiter().GetResult().Events) == string.Concat(whole.Events)));
    }

    [Theory]
    [InlineData("stream-text")]
    [InlineData("stream-parallel-calls")]
    public async Task A_chat_stream_that_ends_too_early_never_completes(string name)
    {
        var bytes = Golden.Read(name + ".sse");
        var finish = Encoding.UTF8.GetString(bytes).IndexOf("\"finish_reason\":\"", StringComparison.Ordinal);
        for (var length = 0; length < finish; length++)
        {
            var read = await ReadAsync(bytes[..length], []);

            read.Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
            read.Settled.ShouldBeEmpty();
            read.Events.Any(json => json.Contains("response.completed", StringComparison.Ordinal)).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task What_ends_an_answer_waits_for_the_settlement()
    {
        var read = await ReadAsync(Golden.Read("stream-parallel-calls.sse"), []);

        read.Settled.Count(json => json.StartsWith("{\"type\":\"response.output_item.done\"", StringComparison.Ordinal)).ShouldBe(2);
        read.Settled[^1].ShouldStartWith("{\"type\":\"response.completed\"");
        read.Settled[^1].ShouldContain("\"cost\":0.000000007,");
    }

    [Fact]
    public void The_hold_covers_what_only_the_client_s_own_body_has()
    {
        var encrypted = new string('x', 10_000);
        var read = ClientRequests.Read(Dialect.OpenaiResponses, Encoding.UTF8.GetBytes(
            $$"""{"input":[{"role":"user","content":"hi"},{"type":"reasoning","summary":[],"encrypted_content":"{{encrypted}}"}],"unknown":"{{encrypted}}"}"""));
        var image = ClientRequests.Read(Dialect.OpenaiResponses, Encoding.UTF8.GetBytes(
            $$"""{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,{{encrypted}}"}]}]}"""));

        read.Chat!.PromptBound.ShouldBeInRange(10_000, 10_200);
        image.Chat!.PromptBound.ShouldBeInRange(1_600, 1_800);
    }

    private static Gen<string> Value(int depth) => depth == 0
        ? Gen.Elements(Values)
        : Gen.OneOf(
            Value(0),
            Gen.ListOf(Value(depth - 1)).Select(items => $"[{string.Join(',', items.Take(3))}]"),
            Gen.ListOf(Gen.Zip(Gen.Elements(Names), Value(depth - 1)))
                .Select(fields => $"{{{string.Join(", ", fields.Take(6).Select(field => $"\"{field.Item1}\": {field.Item2}"))}}}"));

    private static bool IsDefined(string body)
    {
        var read = ClientRequests.Read(Dialect.OpenaiResponses, Encoding.UTF8.GetBytes(body));
        return read.Chat is not null || read.Fault is { Failure: CallFailure.InvalidRequest, Message.Length: > 0 };
    }

    private static Task<ResponsesRun.Result> ReadAsync(byte[] bytes, IEnumerable<int> cuts)
    {
        var meter = ResponsesRun.Meter();
        var chat = new ChatStream(new SseReader(new PiecesStream(bytes, cuts), 1024 * 1024), 1, ResponsesRun.Deployment, meter);
        return ResponsesRun.ReadAsync(new ResponsesEvents(chat, ResponsesRun.Call(), ResponsesRun.Deployment), meter);
    }
}
