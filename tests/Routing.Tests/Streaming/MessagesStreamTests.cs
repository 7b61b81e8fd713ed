using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Streaming;

/// <summary>Anthropic's own stream on its way to a client of Anthropic's.</summary>
public sealed class MessagesStreamTests
{
    private const string Start =
        """{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":512,"cache_read_input_tokens":2048,"cache_creation":{"ephemeral_5m_input_tokens":112,"ephemeral_1h_input_tokens":400},"output_tokens":1,"service_tier":"standard"}}}""";

    private const string Delta =
        """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":97,"output_tokens_details":{"thinking_tokens":40}},"context_management":{"applied_edits":[]}}""";

    private const string Stop = """{"type":"message_stop"}""";

    private static readonly string[] Contents =
    [
        """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
        """{"type": "ping"}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Grüße"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"世界","input":{}}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\": 1}"}}""",
        """{"type":"content_block_stop","index":1}""",
        """{"type":"some_future_event","x":[{"usage":1}]}""",
    ];

    private static readonly byte[] Whole = Bytes([Start, .. Contents, Delta, Stop]);

    private static readonly Deployment Provider = new() { Id = "p/m", ModelName = "m", Provider = "p", UpstreamModel = "m", Adapter = "anthropic" };

    [Fact]
    public async Task Events_pass_byte_for_byte_and_the_end_waits_for_the_settlement()
    {
        var read = await ReadAsync(Whole);

        read.Step.ShouldBe(StreamStep.Ended);
        read.Events.ShouldBe([Start, .. Contents]);
        read.Usage.ShouldBe(new TokenUsage(2572, 2048, 512, 97, 40, Estimated: false) { CacheWrite1h = 400 });
        read.Last.ShouldHaveSingleItem().ShouldBe(Delta.Replace(
            "\"thinking_tokens\":40}", "\"thinking_tokens\":40},\"cost\":0.00014,\"cost_details\":{\"upstream_inference_cost\":null}", StringComparison.Ordinal));
    }

    [Fact]
    public void Cutting_the_stream_into_any_pieces_changes_nothing() => Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
    {
        var read = ReadAsync(Whole, cuts).GetAwaiter().GetResult();
        return read.Step == StreamStep.Ended && read.Events.SequenceEqual([Start, .. Contents]);
    }));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_ends_at_any_byte_before_its_message_stop_never_looks_whole(bool breaks)
    {
        var stopped = Encoding.UTF8.GetString(Whole).LastIndexOf("event:", StringComparison.Ordinal);
        for (var length = 0; length < stopped; length++)
        {
            var read = await ReadAsync(Whole[..length], breaks: breaks);

            read.Step.ShouldBe(StreamStep.Broken, $"cut after {length} bytes");
            read.Events.Any(json => json.Contains("message_delta", StringComparison.Ordinal) || json.Contains("message_stop", StringComparison.Ordinal)).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task What_breaks_off_is_charged_by_what_came_and_not_by_the_first_token()
    {
        var read = await ReadAsync(Bytes([Start, .. Contents]));

        read.Usage.Prompt.ShouldBe(2572);
        read.Usage.Output.ShouldBe(6);
        read.Usage.Estimated.ShouldBeTrue();
    }

    [Fact]
    public async Task Without_a_usage_at_its_end_the_estimate_is_shown_and_said_to_be_one()
    {
        var read = await ReadAsync(Bytes(Start, Contents[6], """{"type":"message_delta","delta":{"stop_reason":"end_turn"}}""", Stop));

        read.Last.ShouldHaveSingleItem().ShouldBe(
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":12,"cache_creation_input_tokens":512,"cache_read_input_tokens":2048,"cache_creation":{"ephemeral_5m_input_tokens":112,"ephemeral_1h_input_tokens":400},"output_tokens":3,"cost":0.00014,"cost_details":{"upstream_inference_cost":null,"estimated":true}}}""");
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")]
    [InlineData("not json")]
    [InlineData("[1,2]")]
    [InlineData("""{"type":"ping"} {}""")]
    [InlineData("[DONE]")]
    public async Task An_error_or_garbage_ends_the_answer_and_is_not_passed_on(string json)
    {
        var read = await ReadAsync(Bytes(Start, Contents[2], json, Delta, Stop));

        read.Step.ShouldBe(StreamStep.Broken);
        read.Fault!.Failure.ShouldBe(CallFailure.ProviderError);
        read.Events.ShouldBe([Start, Contents[2]]);
    }

    [Fact]
    public async Task The_first_content_is_a_piece_of_something_or_the_reason_why_there_is_none()
    {
        (await ReadAsync(Bytes(Start, Contents[0], Contents[1]))).HasContent.ShouldBeFalse();
        (await ReadAsync(Bytes(Start, Contents[0], Contents[2]))).HasContent.ShouldBeTrue();
        (await ReadAsync(Bytes(Start, Contents[5]))).HasContent.ShouldBeTrue();
        (await ReadAsync(Bytes(Start, Delta))).HasContent.ShouldBeTrue();
    }

    [Fact]
    public void Any_bytes_at_all_end_in_a_state_and_success_needs_an_end() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], int[]>((bytes, cuts) => ReadAsync(bytes, cuts).GetAwaiter().GetResult().Step == StreamStep.Broken));

    private static byte[] Bytes(params string[] events) => Encoding.UTF8.GetBytes(string.Concat(events.Select(json => $"event: x\ndata: {json}\n\n")));

    private static async Task<Result> ReadAsync(byte[] bytes, IEnumerable<int>? cuts = null, bool breaks = false)
    {
        var meter = new UsageMeter(promptBytes: 40, promptExtra: 0);
        using var stream = new MessagesStream(new SseReader(new PiecesStream(bytes, cuts ?? [], breaks), 1024 * 1024), Provider, meter);
        var events = new List<string>();
        var step = StreamStep.More;
        while (step == StreamStep.More)
        {
            try
            {
                step = await stream.ReadAsync(CancellationToken.None);
            }
            catch (IOException)
            {
                step = StreamStep.Broken;
                break;
            }

            events.AddRange(stream.Events.Select(Text));
        }

        return new Result(
            step, events, meter.Read(), step == StreamStep.Ended ? [.. stream.Close(meter.Read(), 140_000, includeUsage: false).Select(Text)] : [],
            stream.Fault, stream.HasContent);
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);

    private sealed record Result(StreamStep Step, List<string> Events, TokenUsage Usage, List<string> Last, CallFault? Fault, bool HasContent);
}
