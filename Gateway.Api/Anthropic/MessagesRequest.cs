using System.Text.Json;
using System.Text.Unicode;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>What the gateway itself needs to know of a Messages body. Routing reads the rest.</summary>
/// <param name="Model">As the client wrote it; empty when left out.</param>
/// <param name="Stream">The client wants server-sent events.</param>
/// <param name="MaxOutputTokens"><c>max_tokens</c>; null when left out, as it is where tokens are only counted.</param>
internal readonly record struct MessagesRequest(string Model, bool Stream, long? MaxOutputTokens)
{
    /// <summary>Less than that of chat, because the chat form of a body is deeper than the body.</summary>
    public const int MaxDepth = 60;

    /// <summary>Returns the body's first fault, or null and the request.</summary>
    public static ApiError? Read(ReadOnlySpan<byte> body, out MessagesRequest request)
    {
        request = default;
        if (!Utf8.IsValid(body))
        {
            var (line, column) = TextPosition.OfFirstInvalidByte(body);
            return ApiErrors.InvalidJson("is not UTF-8", line, column);
        }

        var reader = new MessagesRequestReader(body);
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
            var (line, column) = TextPosition.Of(body, reader.Position);
            return ApiErrors.InvalidJson("has a string that is not text", line, column);
        }
    }
}
