using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using LlmGateway.Gateway.Calls;
using LlmGateway.Gateway.OpenAi;

namespace LlmGateway.Gateway.Admin;

/// <summary>Reads a body strictly: what is not known, given twice or of another type is refused by name.</summary>
internal static class AdminBody
{
    // No body of these endpoints has more than three levels.
    private const int MaxDepth = 8;

    public static async ValueTask<(T? Value, ApiError? Error)> ReadAsync<T>(HttpContext context, int limit, JsonTypeInfo<T> type)
        where T : class
    {
        var (body, fault) = await RequestBody.ReadAsync(context, limit);
        if (body is null)
        {
            return (null, fault);
        }

        using (body)
        {
            return (Parse(body.Bytes.Span, type, out var error), error);
        }
    }

    public static T? Parse<T>(ReadOnlySpan<byte> body, JsonTypeInfo<T> type, out ApiError? error)
        where T : class
    {
        error = Syntax(body);
        if (error is not null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(body, type)!;
        }
        catch (JsonException exception)
        {
            error = JsonFault.Of(exception);
            return null;
        }
    }

    /// <summary>The first fault that makes it no JSON object.</summary>
    public static ApiError? Syntax(ReadOnlySpan<byte> body)
    {
        if (!Utf8.IsValid(body))
        {
            var (line, column) = TextPosition.OfFirstInvalidByte(body);
            return ApiErrors.InvalidJson("is not UTF-8", line, column);
        }

        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1_000 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return ApiErrors.InvalidJson("is not a JSON object", 1, 1);
            }

            while (reader.Read())
            {
                if (reader.CurrentDepth > MaxDepth)
                {
                    var (line, column) = TextPosition.Of(body, reader.TokenStartIndex);
                    return ApiErrors.InvalidJson($"is nested more than {MaxDepth} levels deep", line, column);
                }
            }

            return null;
        }
        catch (JsonException exception)
        {
            return ApiErrors.InvalidJson("is not valid JSON", (exception.LineNumber ?? 0) + 1, (exception.BytePositionInLine ?? 0) + 1);
        }
    }

    /// <summary>The first string that is no text, in a body that is passed on as JSON: half of a surrogate pair, as in "\ud800".</summary>
    public static ApiError? Text(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    _ = reader.GetString();
                }
            }

            return null;
        }
        catch (InvalidOperationException)
        {
            var (line, column) = TextPosition.Of(body, reader.TokenStartIndex);
            return ApiErrors.InvalidJson("has a string that is not text", line, column);
        }
    }
}
