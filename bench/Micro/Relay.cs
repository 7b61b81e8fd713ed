using System.Text;
using BenchmarkDotNet.Attributes;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Bench.Micro;

/// <summary>One chunk through Routing in the dialect that it came in: read, judged, metered, and made a gRPC message.</summary>
// Not sealed, because BenchmarkDotNet derives from it; what it holds lives as long as the process.
public class Relay
{
    private static readonly byte[] Event = Encoding.UTF8.GetBytes(
        """
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763683200,"model":"gpt-4o-2024-08-06","service_tier":"default","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":" gateway"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"x1y2"}


        """.ReplaceLineEndings("\n"));

    private static readonly ReadOnlyMemory<byte>[] Held = [Event];

    private static readonly Deployment Provider = new() { Id = "p", ModelName = "m", Provider = "p", UpstreamModel = "m", Adapter = "p" };

    private static readonly Arriving Body = new();

    private static readonly ChatStream Stream = new(
        new SseReader(Body, 1024 * 1024), choices: 1, Provider, new UsageMeter(promptBytes: 40, promptExtra: 0));

    /// <summary>Nothing but the message is allocated.</summary>
    [Benchmark]
    public async ValueTask<Chunk> OneChunk()
    {
        var reading = Stream.ReadAsync(CancellationToken.None);
        Body.Push(Event);
        return await reading == StreamStep.More
            ? Attempt.ToChunk(Stream.Events)!
            : throw new InvalidOperationException("The chunk was not relayed.");
    }

    /// <summary>What the message itself is.</summary>
    [Benchmark]
    public Chunk Message() => Attempt.ToChunk(Held)!;
}
