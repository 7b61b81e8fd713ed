using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects.Messages;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Streaming;

/// <summary>Chat answers as Anthropic's Messages: Golden/*.chunks become *.events, *.completion.json become *.message.json.</summary>
public sealed class MessagesStreamOfChatTests
{
    private static readonly Golden Files = new("Dialects/Messages/Golden");
    private static readonly Deployment Provider = new() { Id = "p/m", ModelName = "m", Provider = "p", UpstreamModel = "m", Adapter = "openai" };

    public static TheoryData<string> Streams => Files.Cases(".chunks");

    public static TheoryData<string> Answers => Files.Cases(".completion.json");

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_chat_stream_becomes_events(string name)
    {
        var (step, events) = await ReadAsync(Bytes(name));

        step.ShouldBe(StreamStep.Ended);
        Files.ShouldMatchLines(name + ".events", events);
        ShouldBeInOrder(events);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void A_chat_completion_becomes_a_message(string name) => Files.ShouldMatchJson(
        name + ".message.json", MessagesAnswer.Of(Files.Read(name + ".completion.json"), "msg_1", "m", new TokenUsage(12, 4, 3, 5, 0, Estimated: false), 140_000));

    [Theory]
    [InlineData("interleaved-tools")]
    [InlineData("thinking")]
    public async Task Cutting_the_stream_into_any_pieces_changes_nothing(string name)
    {
        var bytes = Bytes(name);
        var whole = await ReadAsync(bytes);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
        {
            var read = ReadAsync(bytes, cuts).GetAwaiter().GetResult();
            return read.Step == whole.Step && read.Events.SequenceEqual(whole.Events);
        }));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("interleaved-tools")]
    public async Task A_connection_that_breaks_at_any_byte_never_looks_whole(string name)
    {
        var bytes = Bytes(name);
        for (var length = 0; length < bytes.Length - 2; length++)
        {
            var (step, events) = await ReadAsync(bytes[..length], breaks: true);

            step.ShouldBe(StreamStep.Broken, $"cut after {length} bytes");
            events.Any(json => json.Contains("message_delta", StringComparison.Ordinal) || json.Contains("message_stop", StringComparison.Ordinal)).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_piece_for_a_call_that_is_complete_already_is_a_fault()
    {
        var (step, _) = await ReadAsync(Recorded.Bytes(
            Tool(0, """{\"a\":1}""", "a"), Tool(1, "{}", "b"), Tool(0, """,\"b\":2}""", null), Recorded.Finish, "[DONE]"));

        step.ShouldBe(StreamStep.Broken);
    }

    [Fact]
    public async Task Blanks_after_a_complete_call_are_none()
    {
        var (step, _) = await ReadAsync(Recorded.Bytes(
            Tool(0, """{\"a\":1}""", "a"), Tool(1, "{}", "b"), Tool(0, """\n """, null), Recorded.Finish, "[DONE]"));

        step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public void Any_bytes_at_all_end_in_a_state_and_success_needs_an_end() =>
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], int[]>((bytes, cuts) => ReadAsync(bytes, cuts).GetAwaiter().GetResult().Step == StreamStep.Broken));

    private static string Tool(int index, string arguments, string? name) => Recorded.Chunk(
        $$$"""{"tool_calls":[{"index":{{{index}}},{{{(name is null ? "" : $"\"id\":\"call_{name}\",")}}}"function":{{{{(name is null ? "" : $"\"name\":\"{name}\",")}}}"arguments":"{{{arguments}}}"}}]}""");

    // One block at a time, each opened, filled and closed; the indexes count up.
    private static void ShouldBeInOrder(List<string> events)
    {
        var (open, last) = (false, -1);
        foreach (var item in events.Select(json => JsonDocument.Parse(json).RootElement))
        {
            switch (item.GetProperty("type").GetString())
            {
                case "content_block_start":
                    open.ShouldBeFalse();
                    item.GetProperty("index").GetInt32().ShouldBe(++last);
                    open = true;
                    break;
                case "content_block_delta":
                    open.ShouldBeTrue();
                    item.GetProperty("index").GetInt32().ShouldBe(last);
                    break;
                case "content_block_stop":
                    open.ShouldBeTrue();
                    open = false;
                    break;
            }
        }

        open.ShouldBeFalse();
    }

    private static byte[] Bytes(string name) =>
        Recorded.Bytes(Encoding.UTF8.GetString(Files.Read(name + ".chunks")).Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private static async Task<(StreamStep Step, List<string> Events)> ReadAsync(byte[] bytes, IEnumerable<int>? cuts = null, bool breaks = false)
    {
        var meter = new UsageMeter(promptBytes: 40, promptExtra: 0);
        using var stream = new MessagesStreamOfChat(
            new ChatStream(new SseReader(new PiecesStream(bytes, cuts ?? [], breaks), 1024 * 1024), 1, Provider, meter), "msg_1", Provider, meter);
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
                return (StreamStep.Broken, events);
            }

            events.AddRange(stream.Events.Select(Text));
        }

        if (step == StreamStep.Ended)
        {
            events.AddRange(stream.Close(meter.Read(), 140_000, includeUsage: true).Select(Text));
        }

        return (step, events);
    }

    private static string Text(ReadOnlyMemory<byte> json) => Encoding.UTF8.GetString(json.Span);
}
