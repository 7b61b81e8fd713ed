using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>What the gateway itself needs to know of a body. Everything else goes on unread.</summary>
/// <param name="Model">As the client wrote it; empty when left out.</param>
/// <param name="Stream">The client wants server-sent events.</param>
/// <param name="MaxOutputTokens"><c>max_completion_tokens</c> or <c>max_tokens</c>.</param>
/// <param name="IncludeUsage"><c>stream_options.include_usage</c>.</param>
internal readonly record struct ChatRequest(string Model, bool Stream, long? MaxOutputTokens, bool IncludeUsage)
{
    public const int MaxDepth = 64;

    /// <summary>Returns the body's first fault, or null and the request.</summary>
    public static ApiError? Read(ReadOnlySpan<byte> body, PromptField prompt, out ChatRequest request)
    {
        var reader = new ChatRequestReader(body, prompt);
        var error = RequestText.Read(body, ref reader);
        request = reader.Request;
        return error;
    }
}
