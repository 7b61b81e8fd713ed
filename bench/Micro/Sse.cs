using System.IO.Pipelines;
using System.Text;
using BenchmarkDotNet.Attributes;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Bench.Micro;

/// <summary>One event on its way to the client.</summary>
public class Sse
{
    private static readonly byte[] Json = Encoding.UTF8.GetBytes("""{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":" gateway"},"finish_reason":null}]}""");

    private readonly Pipe _pipe = new(new PipeOptions(useSynchronizationContext: false));

    [Benchmark]
    public async ValueTask OneEvent()
    {
        var writer = new SseWriter(_pipe.Writer);
        writer.Event(Json);
        await writer.FlushAsync(CancellationToken.None);
        var read = await _pipe.Reader.ReadAsync();
        _pipe.Reader.AdvanceTo(read.Buffer.End);
    }
}
