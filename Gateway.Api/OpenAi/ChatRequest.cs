using System.Text.Json;
using System.Text.Unicode;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>What the gateway itself needs to know of a chat completion's body. Everything else goes on unread.</summary>
/// <param name="Model">As the client wrote it; empty when left out.</param>
/// <param name="Stream">The client wants server-sent events.</param>
/// <param name="MaxOutputTokens"><c>max_completion_tokens</c> or <c>max_tokens</c>.</param>
/// <param name="IncludeUsage"><c>stream_options.include_usage</c>.</param>
internal readonly record struct ChatRequest(string Model, bool Stream, long? MaxOutputTokens, bool IncludeUsage)
{
    public const int MaxDepth = 64;

    /// <summary>Returns the body's first fault, or null and the request.</summary>
    public static ApiError? Read(ReadOnlySpan<byte> body, out ChatRequest request)
    {
        request = default;

        // Utf8JsonReader checks the encoding only of what it decodes, and most of a body is skipped.
        if (!Utf8.IsValid(body))
        {
            var (line, column) = TextPosition.OfFirstInvalidByte(body);
            return ApiErrors.InvalidJson("is not UTF-8", line, column);
        }

        var reader = new ChatRequestReader(body);
        try
        {
            return reader.Read(out request);
        }
        catch (JsonException exception)
        {
            return ApiErrors.InvalidJson("is not valid JSON", (exception.LineNumber ?? 0) + 1, (exception.BytePositionInLine ?? 0) + 1);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, as in "\ud800": JSON by its grammar, but not text.
            var (line, column) = TextPosition.Of(body, reader.Position);
            return ApiErrors.InvalidJson("has a string that is not text", line, column);
        }
    }
}
