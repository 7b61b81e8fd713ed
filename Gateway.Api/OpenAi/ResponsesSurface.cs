using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>
/// Answers in OpenAI's Responses wire: each event has its name in an <c>event:</c> line, and the last one, response.completed or
/// response.incomplete, is the end.
/// </summary>
internal sealed class ResponsesSurface : ClientSurface
{
    public static ResponsesSurface Instance { get; } = new();

    public static bool Owns(HttpRequest request) => request.Path.StartsWithSegments("/v1/responses", StringComparison.Ordinal);

    public override Task WriteErrorAsync(HttpContext context, ApiError error) => OpenAiErrors.WriteAsync(context, error);

    public override void WriteEvent(SseWriter output, ReadOnlySpan<byte> json) => output.Event(EventName.Of(json), json);

    // Every answer numbers its events from 0, so that the next number is their count.
    public override void WriteError(SseWriter output, HttpContext context, ApiError error, int events)
    {
        var body = new ErrorEvent(
            "error", events, error.Code, error.Message, error.Param, new(error.Message, error.Type, error.Param, error.Code, error.Metadata));
        output.Event("error"u8, JsonSerializer.SerializeToUtf8Bytes(body, OpenAiJson.Wire.ErrorEvent));
    }

    public override void WriteEnd(SseWriter output)
    {
        // Routing's last event is the end already.
    }
}

/// <summary>
/// The error in both places where clients look for it: openai-node throws what is in <paramref name="Error"/>, others read the members
/// beside it, which are those of the API's reference.
/// </summary>
internal sealed record ErrorEvent(string Type, int SequenceNumber, string? Code, string Message, string? Param, ErrorDetail Error);
