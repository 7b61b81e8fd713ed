using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Streaming;

public sealed class SseReaderTests
{
    private const string Accented =
        "\uFEFF: a comment\r\n\r\ndata: x\r\ndata: y\r\n\r\nevent: message\r\nid: 7\r\ndata:{\"a\":1}\r\n\r\ndata: one\ndata: two\ndata:\ndata:  three\n\n"
        + "retry: 5\rdata: cr\r\rdata\n\ndata:\n\n\n\ndata: 🚀\n: in between\ndata: ü\n\ndata: [DONE]\n\n";

    private static readonly string[] AccentedEvents = ["x\ny", "{\"a\":1}", "one\ntwo\n\n three", "cr", "🚀\nü", "[DONE]"];

    [Fact]
    public async Task All_ways_of_writing_an_event_are_read()
    {
        var events = await ReadAsync(Encoding.UTF8.GetBytes(Accented), []);

        events.ShouldBe(AccentedEvents);
    }

    [Fact]
    public void Cutting_the_stream_into_any_pieces_changes_nothing()
    {
        var bytes = Encoding.UTF8.GetBytes(Accented);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts => ReadAsync(bytes, cuts).GetAwaiter().GetResult().SequenceEqual(AccentedEvents)));
    }

    [Fact]
    public async Task Byte_by_byte_changes_nothing_either()
    {
        var bytes = Encoding.UTF8.GetBytes(Accented);

        (await ReadAsync(bytes, Enumerable.Range(0, bytes.Length))).ShouldBe(AccentedEvents);
    }

    [Fact]
    public async Task Events_larger_than_the_buffer_are_read_whole_up_to_the_limit()
    {
        var large = new string('x', 200_000);
        var bytes = Encoding.UTF8.GetBytes($"data: {large}\n\ndata: next\n\n");

        (await ReadAsync(bytes, Enumerable.Range(0, 100).Select(index => index * 1999))).ShouldBe([large, "next"]);
    }

    [Fact]
    public async Task An_event_beyond_the_limit_is_told_and_memory_stays_bounded()
    {
        using var reader = new SseReader(new PiecesStream(new byte[10_000_000], []), maxEventBytes: 64 * 1024);

        SseRead read;
        do
        {
            read = await reader.ReadAsync(CancellationToken.None);
        }
        while (read == SseRead.Events);

        read.ShouldBe(SseRead.TooLarge);
        reader.Received.ShouldBeLessThanOrEqualTo(256 * 1024);
    }

    [Fact]
    public async Task What_no_blank_line_closed_comes_with_the_end()
    {
        (await ReadAsync("data: a\n\ndata: b"u8.ToArray(), [])).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task A_json_error_without_a_field_is_an_event_that_says_so()
    {
        var bytes = "data: a\n\n{\n  \"error\": {\n    \"message\": \"no\"\n  }\n}\n"u8.ToArray();
        using var reader = new SseReader(new PiecesStream(bytes, []), 64 * 1024);

        await reader.ReadAsync(CancellationToken.None);
        await reader.ReadAsync(CancellationToken.None);

        var tail = reader.Events.ToArray().ShouldHaveSingleItem();
        tail.Bare.ShouldBeTrue();
        Encoding.UTF8.GetString(tail.Data.Span).ShouldStartWith("{\n  \"error\"");
    }

    [Fact]
    public void Any_bytes_at_all_are_read_without_an_exception()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], int[]>((bytes, cuts) =>
        {
            ReadAsync(bytes, cuts).GetAwaiter().GetResult();
            return true;
        }));
    }

    internal static async Task<List<string>> ReadAsync(byte[] bytes, IEnumerable<int> cuts)
    {
        using var reader = new SseReader(new PiecesStream(bytes, cuts), 1024 * 1024);
        var events = new List<string>();
        SseRead read;
        do
        {
            read = await reader.ReadAsync(CancellationToken.None);
            events.AddRange(reader.Events.ToArray().Select(item => Encoding.UTF8.GetString(item.Data.Span)));
        }
        while (read == SseRead.Events);
        return events;
    }
}
