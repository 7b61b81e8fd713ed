using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Providers.Gemini;

/// <summary>P5: what a stream of Gemini means does not depend on how it arrives, and nothing but its own end makes it whole.</summary>
public sealed class GeminiStreamTests
{
    private static readonly Golden Golden = new("Providers/Gemini/Golden");

    public static TheoryData<string> Streams => Golden.Cases(".sse");

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Cutting_it_into_any_pieces_changes_nothing(string name)
    {
        var bytes = Golden.Read(name + ".sse");
        var whole = await GeminiStream.ReadAsync(bytes);

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(25), Prop.ForAll<int[]>(cuts =>
        {
            var read = GeminiStream.ReadAsync(bytes, cuts).GetAwaiter().GetResult();
            return read.Step == whole.Step && read.Usage == whole.Usage && read.Chunks.Count == whole.Chunks.Count;
        }));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task A_connection_that_breaks_at_any_byte_is_never_a_success(string name)
    {
        var bytes = Golden.Read(name + ".sse");
        for (var length = 0; length <= bytes.Length; length++)
        {
            (await GeminiStream.ReadAsync(bytes[..length], breaks: true)).Step.ShouldBe(StreamStep.Broken, $"cut after {length} bytes");
        }
    }

    [Fact]
    public async Task A_body_that_ends_cleanly_is_whole_only_with_the_finish_reason()
    {
        var bytes = Golden.Read("text.sse");
        var finish = Encoding.UTF8.GetString(bytes).LastIndexOf("data:", StringComparison.Ordinal);
        for (var length = 0; length < finish; length++)
        {
            (await GeminiStream.ReadAsync(bytes[..length])).Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
        }

        (await GeminiStream.ReadAsync(bytes)).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public void Any_bytes_end_the_answer_and_never_as_a_success() => Check.QuickThrowOnFailure(Prop.ForAll<byte[], int>((bytes, at) =>
    {
        var recorded = Golden.Read("thoughts-and-calls.sse");
        var position = (int)((uint)at % (recorded.Length / 2));
        byte[] mixed = [.. recorded[..position], .. bytes];
        return GeminiStream.ReadAsync(mixed).GetAwaiter().GetResult().Step == StreamStep.Broken;
    }));
}
