using System.Globalization;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>The mock's answers, in the bytes that OpenAI would send.</summary>
internal sealed class MockWire(string model, ChatRequest request, MockAnswer answer, DateTimeOffset now)
{
    private readonly uint _seed = Seed(request.Body.Span);

    public string FirstChunk => Chunk("""{"role":"assistant","content":""}""", null);

    public string LastChunk => Chunk("{}", answer.FinishReason);

    public string UsageChunk => $$"""{{{Head("chat.completion.chunk")}},"choices":[],"usage":{{Usage}}}""";

    public string Completion =>
        $$$"""{{{{Head("chat.completion")}}},"choices":[{"index":0,"message":{{{answer.Message}}},"logprobs":null,"finish_reason":"{{{answer.FinishReason}}}"}],"usage":{{{Usage}}}}""";

    private long PromptTokens => Math.Max(1, (request.PromptBytes + 3) / 4) + request.ImageTokens;

    private string Usage => string.Create(CultureInfo.InvariantCulture,
        $$"""{"prompt_tokens":{{PromptTokens}},"completion_tokens":{{answer.Deltas.Count}},"total_tokens":{{PromptTokens + answer.Deltas.Count}}}""");

    public string ContentChunk(string delta) => Chunk(delta, null);

    public static string Error(int status) => string.Create(CultureInfo.InvariantCulture,
        $$$"""{"error":{"message":"The mock was asked for status {{{status}}}.","type":"mock_error","param":null,"code":null}}""");

    private string Chunk(string delta, string? finish) =>
        $$"""{{{Head("chat.completion.chunk")}},"choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}],"usage":null}""";

    private string Head(string type) => string.Create(CultureInfo.InvariantCulture,
        $"\"id\":\"chatcmpl-mock{_seed:x8}\",\"object\":\"{type}\",\"created\":{now.ToUnixTimeSeconds()},\"model\":\"{JsonEncodedText.Encode(model)}\"");

    // FNV-1a: string.GetHashCode differs from process to process.
    private static uint Seed(ReadOnlySpan<byte> bytes)
    {
        var hash = 2166136261u;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 16777619u;
        }

        return hash;
    }
}
