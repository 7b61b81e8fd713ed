using System.Text;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Providers.OpenAi;

namespace LlmGateway.Routing.Calls;

/// <summary>Runs the code that reads requests and answers once, so that the first call does not wait for the compiler.</summary>
internal static class CallWarmUp
{
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}""");

    private static readonly byte[] Answer = Encoding.UTF8.GetBytes(
        """{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}""");

    public static void Run()
    {
        var request = ChatRequest.Read(Body, out _, out _)!;
        var deployment = new Deployment { Id = "m", ModelName = "m", Provider = "m", UpstreamModel = "m", Adapter = "m" };
        using var buffer = new PooledBuffer(256);
        OpenAiWire.Write(request, deployment, stream: true, maxTokens: 1, buffer);
        if (ChatChunk.TryRead(Answer, out var answer))
        {
            ChatAnswer.WithCost(Answer, answer.UsageRange, new Streaming.TokenUsage(1, 0, 0, 1, 0, Estimated: false), 1);
        }
    }
}
