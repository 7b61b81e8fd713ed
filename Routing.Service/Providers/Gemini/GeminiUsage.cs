using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// Usage in Gemini's wire (ai.google.dev/api/generate-content#UsageMetadata), where the prompt includes what was cached, tools' results
/// stand beside the prompt, and thoughts beside the candidates:
/// <code>
/// {"promptTokenCount":1200,"cachedContentTokenCount":1000,"toolUsePromptTokenCount":30,"candidatesTokenCount":55,"thoughtsTokenCount":210}
/// </code>
/// Each event of a stream may carry it, cumulative: the last one counts.
/// </summary>
internal static class GeminiUsage
{
    /// <param name="reader">At the usageMetadata object's start, and at its end afterwards.</param>
    public static ReportedUsage Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        long? prompt = null, cached = null, tools = null, candidates = null, thoughts = null, total = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("promptTokenCount"u8))
            {
                prompt = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("cachedContentTokenCount"u8))
            {
                cached = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("toolUsePromptTokenCount"u8))
            {
                tools = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("candidatesTokenCount"u8))
            {
                candidates = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("thoughtsTokenCount"u8))
            {
                thoughts = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("totalTokenCount"u8))
            {
                total = TokenCount.Read(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        var input = prompt is null ? null : TokenCount.Sum(prompt, tools);
        // Protobuf's JSON leaves out what is zero. A total says that counting is over, so that an absent count is a zero and not missing.
        var output = TokenCount.Sum(candidates, thoughts) ?? (total is not null && total == input ? 0 : null);
        return new(input, output, cached ?? 0, CacheWrite: 0, thoughts ?? 0);
    }
}
