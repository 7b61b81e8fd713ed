using System.Text.Json;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// What the model thought, as a client has to send it back, in the form that LiteLLM gave it:
/// <code>
/// "thinking_blocks":[{"type":"thinking","thinking":"…","signature":"…"},{"type":"redacted_thinking","data":"…"}]
/// </code>
/// </summary>
internal static class AnthropicThoughts
{
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> thinking, string signature)
    {
        json.WriteStartArray("thinking_blocks"u8);
        WriteBlock(json, thinking, signature);
        json.WriteEndArray();
    }

    public static void WriteRedacted(Utf8JsonWriter json, string data)
    {
        json.WriteStartArray("thinking_blocks"u8);
        WriteRedactedBlock(json, data);
        json.WriteEndArray();
    }

    public static void WriteBlock(Utf8JsonWriter json, ReadOnlySpan<byte> thinking, string signature)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "thinking"u8);
        json.WriteString("thinking"u8, thinking);
        json.WriteString("signature"u8, signature);
        json.WriteEndObject();
    }

    public static void WriteRedactedBlock(Utf8JsonWriter json, string data)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "redacted_thinking"u8);
        json.WriteString("data"u8, data);
        json.WriteEndObject();
    }
}
