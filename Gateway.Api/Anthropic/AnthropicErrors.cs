using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>Errors as Anthropic writes them (docs.claude.com/en/api/errors). What exactly went wrong, and the figures, stand in "details".</summary>
/// <remarks>
/// <code>
/// { "type": "error", "error": { "type": "invalid_request_error", "message": "…", "details": { "error_code": "invalid_value", "param": "messages" } },
///   "request_id": "req_…" }
/// </code>
/// </remarks>
internal static class AnthropicErrors
{
    public static byte[] ToJson(ApiError error, string requestId) =>
        JsonSerializer.SerializeToUtf8Bytes(Body(error, requestId), AnthropicJson.Wire.ErrorBody);

    /// <summary>Only before the answer has begun.</summary>
    public static Task WriteAsync(HttpContext context, ApiError error)
    {
        ErrorHead.Write(context.Response, error);
        return context.WriteJsonAsync(Body(error, context.TraceIdentifier), AnthropicJson.Wire.ErrorBody);
    }

    internal static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    private static ErrorBody Body(ApiError error, string requestId)
    {
        var details = error is { Code: null, Param: null, Metadata: null } ? null : new ErrorDetails(error.Code, error.Param, error.Metadata);
        return new("error", new(TypeOf(error.Status), error.Message, details), requestId);
    }
}

internal sealed record ErrorBody(string Type, ErrorDetail Error, string RequestId);

internal sealed record ErrorDetail(
    string Type, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorDetails? Details);

internal sealed record ErrorDetails(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ErrorCode,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ErrorMetadata? Metadata);
