using System.Text;
using BenchmarkDotNet.Attributes;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Bench.Micro;

/// <summary>A request of 2 KiB, read for its figures and written for a provider of the same dialect.</summary>
public class ChatRequests
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes(
        $$"""{"model":"gpt-4o","messages":[{"role":"system","content":"{{new string('a', 1000)}}"},{"role":"user","content":"{{new string('b', 1000)}}"}],"stream":true}""");

    private static readonly Deployment Provider = new() { Id = "p", ModelName = "m", Provider = "openai", UpstreamModel = "gpt-4o", Adapter = "p" };

    private static readonly PooledBuffer Output = new(4096);

    [Benchmark]
    public int ReadAndWrite()
    {
        var request = ChatRequest.Read(Body, out _, out _)!;
        Output.Clear();
        OpenAiWire.Write(request, Provider, stream: true, maxTokens: 100, Output);
        return Output.WrittenMemory.Length;
    }
}
