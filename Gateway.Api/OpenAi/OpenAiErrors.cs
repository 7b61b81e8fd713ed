using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Gateway.Calls;
using Microsoft.Extensions.Primitives;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Errors as OpenAI writes them.</summary>
/// <remarks><code>{ "error": { "message": "…", "type": "invalid_request_error", "param": "messages", "code": "invalid_value" } }</code></remarks>
internal static class OpenAiErrors
{
    private static readonly StringValues True = "true";
    private static readonly StringValues False = "false";

    public static byte[] ToJson(ApiError error) => JsonSerializer.SerializeToUtf8Bytes(Body(error), OpenAiJson.Wire.ErrorBody);

    /// <summary>Only before the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        var response = context.Response;
        response.StatusCode = error.Status;
        if (error.ShouldRetry is { } shouldRetry)
        {
            response.Headers["x-should-retry"] = shouldRetry ? True : False;
        }

        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        if (error.Attempts > 0)
        {
            response.Headers["x-llm-attempts"] = error.Attempts.ToString(CultureInfo.InvariantCulture);
        }

        return context.WriteJsonAsync(Body(error), OpenAiJson.Wire.ErrorBody);
    }

    private static ErrorBody Body(ApiError error) => new(new(error.Message, error.Type, error.Param, error.Code, error.Metadata));
}

internal sealed record ErrorBody(ErrorDetail Error);

/// <param name="Code">A string or null, never a number: typed clients break on one.</param>
internal sealed record ErrorDetail(
    string Message,
    string Type,
    string? Param,
    string? Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorMetadata? Metadata);
