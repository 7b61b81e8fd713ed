using System.Text.Json;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>Gemini's finishReason as OpenAI's finish_reason (ai.google.dev/api/generate-content#FinishReason).</summary>
internal static class GeminiFinish
{
    /// <param name="reason">At the value of finishReason.</param>
    /// <param name="called">The answer has a function call.</param>
    /// <param name="hasOutput">It has anything at all.</param>
    /// <returns>Null where the model gave up before it said anything: no answer.</returns>
    public static string? Map(ref readonly Utf8JsonReader reason, bool called, bool hasOutput) =>
        reason.ValueTextEquals("MAX_TOKENS"u8) || reason.ValueTextEquals("CONTINUATION"u8) ? "length"
        : reason.ValueTextEquals("SAFETY"u8) || reason.ValueTextEquals("RECITATION"u8) || reason.ValueTextEquals("BLOCKLIST"u8)
            || reason.ValueTextEquals("PROHIBITED_CONTENT"u8) || reason.ValueTextEquals("SPII"u8) || reason.ValueTextEquals("IMAGE_SAFETY"u8)
            || reason.ValueTextEquals("IMAGE_PROHIBITED_CONTENT"u8) || reason.ValueTextEquals("IMAGE_RECITATION"u8) ? "content_filter"
        // MALFORMED_FUNCTION_CALL, MALFORMED_RESPONSE, UNEXPECTED_TOOL_CALL, LANGUAGE, OTHER, and what is to come.
        : !hasOutput && !reason.ValueTextEquals("STOP"u8) ? null
        : called ? "tool_calls" : "stop";
}
