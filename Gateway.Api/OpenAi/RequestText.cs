using System.Text.Json;
using System.Text.Unicode;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>One pass over a body.</summary>
internal interface IRequestReader
{
    /// <summary>The byte at which the current value begins.</summary>
    long Position { get; }

    /// <summary>Returns the body's first fault, or null.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A string of it is no text.</exception>
    ApiError? Read();
}

/// <summary>What every body must be, whatever is in it: JSON in UTF-8.</summary>
internal static class RequestText
{
    /// <summary>Returns the body's first fault, or null.</summary>
    public static ApiError? Read<TReader>(ReadOnlySpan<byte> body, ref TReader reader)
        where TReader : IRequestReader, allows ref struct
    {
        // Utf8JsonReader checks the encoding only of what it decodes, and most of a body is skipped.
        if (!Utf8.IsValid(body))
        {
            var (line, column) = TextPosition.OfFirstInvalidByte(body);
            return ApiErrors.InvalidJson("is not UTF-8", line, column);
        }

        try
        {
            return reader.Read();
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
