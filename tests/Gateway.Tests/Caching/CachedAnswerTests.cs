using System.Reflection;
using Google.Protobuf;
using Grpc.Core;
using LlmGateway.Gateway.Caching;
using LlmGateway.Protos.Routing.V1;
using Microsoft.AspNetCore.Http;

namespace LlmGateway.Gateway.Tests.Caching;

public sealed class CachedAnswerTests
{
    private static readonly CompleteEvent Started = new() { Started = new() { Provider = "openai", Model = "gpt", Deployment = "one", Attempts = 3 } };
    private static readonly CompleteEvent Ended = new() { Ended = new() { OutputTokens = 5, CostNanoUsd = 1400 } };

    [Fact]
    public void A_key_cannot_be_made_without_a_caller()
    {
        typeof(TenantKey).IsValueType.ShouldBeFalse("a struct has a constructor without parameters");
        typeof(TenantKey).GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).ShouldAllBe(constructor => constructor.IsPrivate);
        typeof(TenantKey).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
            .Where(method => method.ReturnType == typeof(TenantKey)).ShouldHaveSingleItem()
            .GetParameters()[0].ParameterType.ShouldBe(typeof(Gateway.Authentication.Caller));
    }

    [Fact]
    public void What_is_written_is_read_and_what_is_damaged_is_none()
    {
        var answer = new CachedAnswer("acme", "req_1", 1_795_255_200, [Started, Chunk("""{"a":1}"""), Ended]);
        var bytes = answer.ToBytes();

        var read = CachedAnswer.FromBytes(bytes).ShouldNotBeNull();

        (read.AccountId, read.SourceRequestId, read.At).ShouldBe(("acme", "req_1", 1_795_255_200));
        read.Events.ShouldBe(answer.Events);
        Enumerable.Range(0, bytes.Length).ShouldAllBe(length => CachedAnswer.FromBytes(bytes.Take(length).ToArray()) == null, "cut anywhere");
        CachedAnswer.FromBytes([.. bytes.Prepend((byte)9)]).ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"usage":{"total_tokens":3,"cost":0.00014,"cost_details":{"cost":7}}}""", """{"usage":{"total_tokens":3,"cost":0.00000003,"cost_details":{"cost":7}}}""")]
    [InlineData("""{"type":"message_start","message":{"usage":{"cost":0.5}}}""", """{"type":"message_start","message":{"usage":{"cost":0.00000003}}}""")]
    [InlineData("""{"response":{"output":[{"text":"\"cost\""}],"usage":{ "cost" : 12 }}}""", """{"response":{"output":[{"text":"\"cost\""}],"usage":{ "cost" : 0.00000003 }}}""")]
    [InlineData("""{"usage":null,"other":{"cost":1}}""", null)]
    [InlineData("""{"cost":1,"usage":{"cost":null}}""", null)]
    [InlineData("""{"content":[{"input":{"usage":{"cost":1}}}]}""", null)]
    public void The_cost_of_a_hit_stands_in_the_usage(string json, string? expected) =>
        UsageCost.Replace(ByteString.CopyFromUtf8(json), 30).ToStringUtf8().ShouldBe(expected ?? json);

    [Fact]
    public async Task Only_a_whole_answer_of_a_bounded_size_is_kept()
    {
        (await KeptAsync(100, Started, Chunk("x"), Ended)).ShouldBe(3);
        (await KeptAsync(100, Started, Chunk("x"), new() { Failed = new() })).ShouldBe(0);
        (await KeptAsync(100, Started, Chunk("x"))).ShouldBe(0);
        (await KeptAsync(100, Started, Chunk(new string('x', 100)), Ended)).ShouldBe(0);
        (await KeptAsync(100, Started, Chunk("x"), new() { Ended = new() })).ShouldBe(0, "nothing was put out");
    }

    [Theory]
    [InlineData(null, null, false, false, false)]
    [InlineData(null, null, true, true, true)]
    [InlineData("on", null, false, true, true)]
    [InlineData("OFF", null, true, false, false)]
    [InlineData(null, "no-cache", true, false, true)]
    [InlineData("on", "no-cache", false, false, true)]
    [InlineData("on", "no-store", false, false, false)]
    [InlineData(null, "no-cache", false, false, false)]
    public void Headers_say_what_the_cache_may_do(string? header, string? control, bool isRule, bool reads, bool stores)
    {
        var headers = new HeaderDictionary();
        if (header is not null)
        {
            headers[CacheUse.Header] = header;
        }

        headers["cache-control"] = control;

        CacheUse.Of(headers, isRule).ShouldBe((new CacheUse(reads, stores), null));
    }

    private static CompleteEvent Chunk(string json) => new() { Chunk = new() { Events = { ByteString.CopyFromUtf8(json) } } };

    private static async Task<int> KeptAsync(int maxBytes, params CompleteEvent[] events)
    {
        var kept = 0;
        var recorder = new AnswerRecorder(new Given(events), maxBytes, needsOutput: true, all => kept = all.Count);
        while (await recorder.MoveNext(CancellationToken.None))
        {
        }

        return kept;
    }

    private sealed class Given(IReadOnlyList<CompleteEvent> events) : IAsyncStreamReader<CompleteEvent>
    {
        private int _next = -1;

        public CompleteEvent Current => events[_next];

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromResult(++_next < events.Count);
    }
}
