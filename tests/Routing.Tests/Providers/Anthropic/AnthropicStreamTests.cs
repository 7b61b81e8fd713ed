using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers.Anthropic;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>P5: only message_stop ends an answer of Anthropic's well, wherever the bytes are cut and whatever they are.</summary>
public sealed class AnthropicStreamTests
{
    private static readonly Golden Files = new("Providers/Anthropic/Golden");

    private static readonly byte[] Recorded = Files.Read("parallel-tools-with-thinking.sse");

    [Fact]
    public async Task Cutting_the_stream_into_any_pieces_changes_nothing()
    {
        var whole = await AnthropicStream.ReadAsync(Recorded);
        whole.Step.ShouldBe(StreamStep.Ended);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
        {
            var read = AnthropicStream.ReadAsync(Recorded, cuts: cuts).GetAwaiter().GetResult();
            return read.Lines.SequenceEqual(whole.Lines) && read.Usage == whole.Usage;
        }));
    }

    [Fact]
    public async Task A_stream_that_ends_before_its_last_event_never_looks_whole()
    {
        var end = Encoding.UTF8.GetString(Recorded).TrimEnd().Length;
        for (var length = 0; length < end; length++)
        {
            (await AnthropicStream.ReadAsync(Recorded[..length])).Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
            (await AnthropicStream.ReadAsync(Recorded[..length], breaks: true)).Step.ShouldBe(StreamStep.Broken, $"broke after {length} bytes");
        }

        (await AnthropicStream.ReadAsync(Recorded[..end])).Step.ShouldBe(StreamStep.Ended);
        (await AnthropicStream.ReadAsync(Recorded, breaks: true)).Step.ShouldBe(StreamStep.Ended);
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData('"')]
    [InlineData('\\')]
    [InlineData('{')]
    [InlineData('0')]
    public async Task A_byte_that_is_another_is_an_answer_or_a_broken_one_and_never_a_crash(int other)
    {
        var bytes = Recorded.ToArray();
        for (var index = 0; index < bytes.Length; index++)
        {
            (bytes[index], var before) = ((byte)other, bytes[index]);

            var read = await AnthropicStream.ReadAsync(bytes);

            read.Step.ShouldNotBe(StreamStep.More);
            bytes[index] = before;
        }
    }

    [Fact]
    public void A_piece_of_text_or_arguments_costs_no_allocation()
    {
        var deployment = AnthropicGoldenTests.Deployment("claude-opus-4-8");
        var translator = new AnthropicAnswer(deployment, answersByTool: false, created: 1);
        using var chunks = new ChatEvents("claude", 1);
        Send("""{"type":"message_start","message":{"id":"msg_1"}}""");
        Send("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        var text = Event("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Some more \n text"}}""");
        Repeat(text).ShouldBe(0);
        Send("""{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}""");
        var arguments = Event("""{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}""");
        Repeat(arguments).ShouldBe(0);

        long Repeat(SseEvent item)
        {
            chunks.Clear();
            translator.Translate(item, chunks);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var count = 0; count < 100; count++)
            {
                chunks.Clear();
                translator.Translate(item, chunks);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Send(string json) => translator.Translate(Event(json), chunks).ShouldBeNull();

        static SseEvent Event(string json) => new(Encoding.UTF8.GetBytes(json), Bare: false);
    }

    [Fact]
    public void Any_bytes_are_a_broken_answer() => Check.QuickThrowOnFailure(Prop.ForAll<byte[]>(bytes =>
        AnthropicStream.ReadAsync([.. "data: "u8, .. bytes, .. "\n\n"u8]).GetAwaiter().GetResult().Step == StreamStep.Broken));

    [Fact]
    public void Events_in_any_order_end_well_only_with_the_last_one_after_the_first()
    {
        var events = Encoding.UTF8.GetString(Recorded).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(order =>
        {
            var shuffled = order.Select(index => events[(int)((uint)index % events.Length)]).ToList();
            var read = AnthropicStream.ReadAsync(Encoding.UTF8.GetBytes(string.Concat(shuffled.Select(item => item + "\n\n")))).GetAwaiter().GetResult();
            var start = shuffled.FindIndex(item => item.Contains("message_start", StringComparison.Ordinal));
            var stop = shuffled.FindIndex(item => item.Contains("message_stop", StringComparison.Ordinal));
            return read.Step == StreamStep.Broken || (start == 0 && stop > 0);
        }));
    }
}
