using System.Text;
using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Tests.Streaming;

public sealed class ChatStreamTests
{
    private static readonly Deployment Provider = new() { Id = "p/m", ModelName = "m", Provider = "p", UpstreamModel = "m", Adapter = "openai" };

    [Fact]
    public async Task Content_passes_byte_for_byte_and_the_usage_chunk_stays_behind()
    {
        var read = await ReadAsync(Recorded.Stream);

        read.Events.ShouldBe([.. Recorded.Contents, Recorded.Finish]);
        read.Step.ShouldBe(StreamStep.Ended);
        read.Usage.ShouldBe(new TokenUsage(9, 2, 0, 5, 0, Estimated: false));
        read.Last.ShouldBe(Recorded.Usage[..^2] + ""","cost":0.000000007,"cost_details":{"upstream_inference_cost":null}}}""");
    }

    [Fact]
    public async Task Cutting_the_stream_into_any_pieces_changes_nothing()
    {
        var whole = await ReadAsync(Recorded.Stream);

        Check.QuickThrowOnFailure(Prop.ForAll<int[]>(cuts =>
        {
            var read = ReadAsync(Recorded.Stream, cuts).GetAwaiter().GetResult();
            return read.Events.SequenceEqual(whole.Events) && read.Step == whole.Step && read.Usage == whole.Usage;
        }));
    }

    [Fact]
    public async Task A_connection_that_breaks_at_any_byte_before_the_terminator_never_looks_whole()
    {
        var terminated = Encoding.UTF8.GetString(Recorded.Stream).IndexOf("[DONE]", StringComparison.Ordinal);
        terminated = Encoding.UTF8.GetByteCount(Encoding.UTF8.GetString(Recorded.Stream)[..terminated]) + "[DONE]\n\n".Length;
        for (var length = 0; length < terminated; length++)
        {
            var read = await ReadAsync(Recorded.Stream[..length], breaks: true);

            read.Step.ShouldBe(StreamStep.Broken, $"cut after {length} bytes");
        }

        (await ReadAsync(Recorded.Stream, breaks: true)).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public async Task A_body_that_ends_cleanly_at_any_byte_looks_whole_only_with_its_finish_reason()
    {
        var finish = Recorded.Bytes([.. Recorded.Contents, Recorded.Finish]).Length - 2;
        for (var length = 0; length < finish; length++)
        {
            var read = await ReadAsync(Recorded.Stream[..length]);

            read.Step.ShouldBe(StreamStep.Broken, $"ended after {length} bytes");
        }

        (await ReadAsync(Recorded.Stream[..finish])).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public async Task An_unfinished_choice_of_several_is_an_unfinished_answer()
    {
        var bytes = Recorded.Bytes(Recorded.Contents[1], Recorded.Finish);

        (await ReadAsync(bytes, choices: 2)).Step.ShouldBe(StreamStep.Broken);
        (await ReadAsync(bytes, choices: 1)).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public async Task A_choice_that_repeats_its_finish_reason_does_not_finish_another()
    {
        var other = Recorded.Chunk("{}", "\"stop\"").Replace("\"index\":0", "\"index\":1", StringComparison.Ordinal);

        (await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Finish, Recorded.Finish), choices: 2)).Step.ShouldBe(StreamStep.Broken);
        (await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Finish, other), choices: 2)).Step.ShouldBe(StreamStep.Ended);
    }

    [Fact]
    public async Task An_empty_finish_reason_neither_finishes_an_answer_nor_begins_one()
    {
        var role = Recorded.Chunk("""{"role":"assistant","content":""}""", "\"\"");
        var content = Recorded.Chunk("""{"content":"cut"}""", "\"\"");

        var begun = await ReadAsync(Recorded.Bytes(role));
        var cut = await ReadAsync(Recorded.Bytes(role, content));
        var whole = await ReadAsync(Recorded.Bytes(role, content, Recorded.Finish));

        (begun.Step, begun.HasContent).ShouldBe((StreamStep.Broken, false));
        (cut.Step, cut.HasContent).ShouldBe((StreamStep.Broken, true));
        whole.Step.ShouldBe(StreamStep.Ended);
    }

    [Theory]
    [InlineData("""{"error":{"message":"The engine died.","type":"server_error","code":null}}""", CallFailure.ProviderError)]
    [InlineData("""{"error":{"message":"slow down","type":"rate_limit_error","code":429}}""", CallFailure.ProviderRateLimited)]
    [InlineData("""{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", CallFailure.NoAvailableProvider)]
    [InlineData("""{"error":{"message":"This model's maximum context length is 5","type":"invalid_request_error","code":"context_length_exceeded"}}""", CallFailure.ProviderRefused)]
    [InlineData("""{"object":"error","message":"boom","type":"InternalServerError","code":500}""", CallFailure.ProviderError)]
    [InlineData("""{"id":"x","choices":[{"delta":{"content":"bro""", CallFailure.ProviderError)]
    [InlineData("not json", CallFailure.ProviderError)]
    [InlineData("[1,2]", CallFailure.ProviderError)]
    [InlineData("""{"choices":[]} {}""", CallFailure.ProviderError)]
    public async Task An_error_or_garbage_ends_the_answer_and_is_not_passed_on(string json, CallFailure failure)
    {
        var read = await ReadAsync(Recorded.Bytes(Recorded.Contents[1], json, Recorded.Finish, "[DONE]"));

        read.Step.ShouldBe(StreamStep.Broken);
        read.Fault!.Failure.ShouldBe(failure);
        read.Events.ShouldBe([Recorded.Contents[1]]);
    }

    [Fact]
    public async Task A_json_error_at_the_end_without_data_is_seen()
    {
        var bytes = Recorded.Bytes(Recorded.Contents[1], Recorded.Finish).Concat("{\n \"error\": {\"code\": 500, \"message\": \"x\"}\n}\n"u8.ToArray()).ToArray();

        (await ReadAsync(bytes)).Step.ShouldBe(StreamStep.Broken);
    }

    [Fact]
    public async Task Usage_on_any_chunk_counts_the_last_one_wins_and_content_chunks_lose_it()
    {
        const string First = """{"id":"1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":1}}""";
        const string Last = """{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2},"x":1}""";

        var read = await ReadAsync(Recorded.Bytes(First, Last));

        read.Step.ShouldBe(StreamStep.Ended);
        read.Usage.ShouldBe(new TokenUsage(3, 0, 0, 2, 0, Estimated: false));
        read.Last.ShouldContain("\"choices\":[],\"usage\":{\"prompt_tokens\":3,");
        read.Events.ShouldBe(
        [
            """{"id":"1","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}],"usage":null}""",
            """{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null,"x":1}""",
        ]);
    }

    [Fact]
    public async Task An_explicit_zero_is_honoured_and_missing_usage_is_estimated()
    {
        var zero = await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Finish, """{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}""", "[DONE]"));
        var none = await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Contents[2], Recorded.Finish, "[DONE]"));
        var broken = await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Finish, """{"choices":[],"usage":{"prompt_tokens":-4,"completion_tokens":"many"}}""", "[DONE]"));

        zero.Usage.ShouldBe(new TokenUsage(0, 0, 0, 0, 0, Estimated: false));
        none.Usage.ShouldBe(new TokenUsage(10, 0, 0, 4, 0, Estimated: true));
        broken.Usage.Estimated.ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":1,"total_tokens":399,"completion_tokens_details":{"reasoning_tokens":386}}""", 387)]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":390,"total_tokens":402,"completion_tokens_details":{"reasoning_tokens":386}}""", 390)]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":390,"total_tokens":0,"completion_tokens_details":{"reasoning_tokens":386}}""", 390)]
    [InlineData("""{"prompt_tokens":12,"completion_tokens":390,"total_tokens":null,"completion_tokens_details":{"reasoning_tokens":386}}""", 390)]
    public async Task Reasoning_that_only_the_total_has_is_output(string usage, long output)
    {
        var read = await ReadAsync(Recorded.Bytes(Recorded.Contents[1], Recorded.Finish, $$"""{"choices":[],"usage":{{usage}}}""", "[DONE]"));

        read.Usage.ShouldBe(new TokenUsage(12, 0, 0, output, 386, Estimated: false));
    }

    [Fact]
    public async Task Azures_first_chunk_with_empty_choices_is_not_passed_on()
    {
        var read = await ReadAsync(Recorded.Bytes("""{"id":"","model":"","choices":[],"prompt_filter_results":[]}""", Recorded.Contents[1], Recorded.Finish, "[DONE]"));

        read.Events.ShouldBe([Recorded.Contents[1], Recorded.Finish]);
    }

    [Fact]
    public void Any_bytes_at_all_end_in_a_state_and_success_needs_an_end()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<byte[], int[]>((bytes, cuts) => ReadAsync(bytes, cuts).GetAwaiter().GetResult().Step == StreamStep.Broken));
    }

    private static async Task<Result> ReadAsync(byte[] bytes, IEnumerable<int>? cuts = null, bool breaks = false, int choices = 1)
    {
        var meter = new UsageMeter(promptBytes: 40, promptExtra: 0);
        using var stream = new ChatStream(new SseReader(new PiecesStream(bytes, cuts ?? [], breaks), 1024 * 1024), choices, Provider, meter);
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

            events.AddRange(stream.Events.Select(item => Encoding.UTF8.GetString(item.Span)));
        }

        return new Result(step, events, meter.Read(), Last(stream, meter), stream.Fault, stream.HasContent);
    }

    private static string Last(ChatStream stream, UsageMeter meter) =>
        Encoding.UTF8.GetString(stream.Close(meter.Read(), costNanoUsd: 7, includeUsage: true).ShouldHaveSingleItem().Span);

    private sealed record Result(StreamStep Step, List<string> Events, TokenUsage Usage, string Last, CallFault? Fault, bool HasContent);
}
