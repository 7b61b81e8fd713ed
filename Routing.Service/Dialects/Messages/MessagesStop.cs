using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>Why an answer ended, in Anthropic's words.</summary>
/// <param name="Reason">stop_reason.</param>
/// <param name="Sequence">stop_sequence as a JSON string; null where none is known. OpenAI never says which one it was, vLLM does.</param>
internal readonly record struct MessagesStop(string Reason, byte[]? Sequence)
{
    /// <param name="finishReason">Of the chat answer.</param>
    /// <param name="sequence">vLLM's stop_reason as a JSON string; null without one.</param>
    /// <param name="hasTools">There are tool calls: OpenAI says "stop" to a call of a tool that was asked for by name.</param>
    /// <param name="refused">The answer is a refusal.</param>
    public static MessagesStop Of(string? finishReason, byte[]? sequence, bool hasTools, bool refused) => finishReason switch
    {
        "length" => new("max_tokens", null),
        "content_filter" => new("refusal", null),
        _ when hasTools => new("tool_use", null),
        _ when refused => new("refusal", null),
        _ => sequence is null ? new("end_turn", null) : new("stop_sequence", sequence),
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("stop_reason"u8, Reason);
        if (Sequence is null)
        {
            json.WriteNull("stop_sequence"u8);
        }
        else
        {
            json.WritePropertyName("stop_sequence"u8);
            json.WriteRawValue(Sequence, skipInputValidation: true);
        }
    }
}
