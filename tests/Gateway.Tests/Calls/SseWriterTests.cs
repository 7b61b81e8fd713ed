using System.IO.Pipelines;
using System.Text;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Tests.Calls;

public sealed class SseWriterTests
{
    // Small segments, so that events cross them.
    private readonly Pipe _pipe = new(new PipeOptions(minimumSegmentSize: 16, pauseWriterThreshold: 0));

    [Fact]
    public async Task Each_event_is_a_data_line_and_a_blank_line()
    {
        var output = new SseWriter(_pipe.Writer);

        output.Event("""{"a":1}"""u8);
        output.KeepAlive();
        output.Event("""{"b":2}"""u8);
        output.Done();

        (await WrittenAsync(output)).ShouldBe("data: {\"a\":1}\n\n: keep-alive\n\ndata: {\"b\":2}\n\ndata: [DONE]\n\n");
    }

    [Fact]
    public async Task An_event_larger_than_any_segment_arrives_whole()
    {
        var output = new SseWriter(_pipe.Writer);
        var json = $$"""{"text":"{{new string('x', 100_000)}}"}""";

        output.Event(Encoding.UTF8.GetBytes(json));

        (await WrittenAsync(output)).ShouldBe($"data: {json}\n\n");
    }

    [Theory]
    [InlineData("{\n  \"a\": 1\r\n}", "{   \"a\": 1  }")]
    [InlineData("{}\n", "{} ")]
    public async Task A_line_break_between_tokens_does_not_end_the_event(string json, string line)
    {
        var output = new SseWriter(_pipe.Writer);

        output.Event(Encoding.UTF8.GetBytes(json));

        (await WrittenAsync(output)).ShouldBe($"data: {line}\n\n");
    }

    [Fact]
    public async Task A_large_event_with_line_breaks_keeps_its_length()
    {
        var output = new SseWriter(_pipe.Writer);
        var json = string.Concat(Enumerable.Repeat("[1,\n2],\r\n", 2_000));

        output.Event(Encoding.UTF8.GetBytes(json));

        (await WrittenAsync(output)).ShouldBe($"data: {json.Replace('\n', ' ').Replace('\r', ' ')}\n\n");
    }

    [Fact]
    public void Nothing_leaves_before_the_flush()
    {
        var output = new SseWriter(_pipe.Writer);

        output.Event("{}"u8);
        output.Done();

        _pipe.Reader.TryRead(out _).ShouldBeFalse();
    }

    private async Task<string> WrittenAsync(SseWriter output)
    {
        await output.FlushAsync(CancellationToken.None);
        await _pipe.Writer.CompleteAsync();
        var read = await _pipe.Reader.ReadAsync();
        while (!read.IsCompleted)
        {
            _pipe.Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await _pipe.Reader.ReadAsync();
        }

        return Encoding.UTF8.GetString(read.Buffer);
    }
}
