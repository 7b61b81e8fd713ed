using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Errors as OpenAI writes them.</summary>
/// <remarks><code>{ "error": { "message": "…", "type": "invalid_request_error", "param": "messages", "code": "invalid_value" } }</code></remarks>
internal static class OpenAiErrors
{
    public static byte[] ToJson(ApiError error) => JsonSerializer.SerializeToUtf8Bytes(Body(error), OpenAiJson.Wire.ErrorBody);

    /// <summary>Only before the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        ErrorHead.Write(context.Response, error);
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
