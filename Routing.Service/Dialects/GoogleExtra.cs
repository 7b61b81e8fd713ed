using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// What Google's own OpenAI layer adds to a tool call, and wants back with it (ai.google.dev/gemini-api/docs/thought-signatures):
/// <code>"extra_content":{"google":{"thought_signature":"…"}}</code>
/// </summary>
internal static class GoogleExtra
{
    public static void Write(Utf8JsonWriter json, string? thoughtSignature)
    {
        if (thoughtSignature is null)
        {
            return;
        }

        json.WriteStartObject("extra_content"u8);
        json.WriteStartObject("google"u8);
        json.WriteString("thought_signature"u8, thoughtSignature);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
