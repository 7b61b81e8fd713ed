using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>The mock's answers, in the bytes that OpenAI would send. It always says the same sentence, over and over if it is to be longer.</summary>
internal sealed class MockWire(string model, ChatRequest request, int chunks, bool truncated, DateTimeOffset now)
{
    private static readonly string[] Words =
    [
        "This", "answer", "is", "made", "up:", "no", "provider", "has", "a", "key", "yet,", "so", "the", "built-in", "mock", "speaks.",
    ];

    private readonly uint _seed = Seed(request.Body.Span);

    public string FirstChunk => Chunk("""{"role":"assistant","content":""}""", null);

    public string LastChunk => Chunk("{}", FinishReason);

    public string UsageChunk => $$"""{{{Head("chat.completion.chunk")}},"choices":[],"usage":{{Usage}}}""";

    public string Completion =>
        $$$"""{{{{Head("chat.completion")}}},"choices":[{"index":0,"message":{"role":"assistant","content":"{{{Text}}}"},"logprobs":null,"finish_reason":"{{{FinishReason}}}"}],"usage":{{{Usage}}}}""";

    private string FinishReason => truncated ? "length" : "stop";

    private long PromptTokens => Math.Max(1, (request.PromptBytes + 3) / 4) + request.ImageTokens;

    private string Usage => string.Create(CultureInfo.InvariantCulture,
        $$"""{"prompt_tokens":{{PromptTokens}},"completion_tokens":{{chunks}},"total_tokens":{{PromptTokens + chunks}}}""");

    private string Text
    {
        get
        {
            var text = new StringBuilder();
            for (var index = 0; index < chunks; index++)
            {
                text.Append(Word(index));
            }

            return text.ToString();
        }
    }

    public string ContentChunk(int index) => Chunk($$"""{"content":"{{Word(index)}}"}""", null);

    public static string Error(int status) => string.Create(CultureInfo.InvariantCulture,
        $$$"""{"error":{"message":"The mock was asked for status {{{status}}}.","type":"mock_error","param":null,"code":null}}""");

    private string Chunk(string delta, string? finish) =>
        $$"""{{{Head("chat.completion.chunk")}},"choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}],"usage":null}""";

    private string Head(string type) => string.Create(CultureInfo.InvariantCulture,
        $"\"id\":\"chatcmpl-mock{_seed:x8}\",\"object\":\"{type}\",\"created\":{now.ToUnixTimeSeconds()},\"model\":\"{JsonEncodedText.Encode(model)}\"");

    private static string Word(int index) => (index == 0 ? "" : " ") + Words[index % Words.Length];

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
