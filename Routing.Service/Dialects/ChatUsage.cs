using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// Usage in OpenAI's chat wire, for answers that came on another one:
/// <code>
/// {"prompt_tokens":2060,"completion_tokens":97,"total_tokens":2157,
///  "prompt_tokens_details":{"cached_tokens":2048,"cache_write_tokens":512,"cache_write_1h_tokens":400},
///  "completion_tokens_details":{"reasoning_tokens":40}}
/// </code>
/// cache_write_1h_tokens is ours: OpenAI keeps nothing for an hour.
/// </summary>
internal static class ChatUsage
{
    public static void Write(Utf8JsonWriter json, in ReportedUsage usage)
    {
        json.WriteStartObject();
        Number(json, "prompt_tokens"u8, usage.Prompt);
        Number(json, "completion_tokens"u8, usage.Output);
        Number(json, "total_tokens"u8, TokenCount.Sum(usage.Prompt, usage.Output));
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.Cached);
        json.WriteNumber("cache_write_tokens"u8, usage.CacheWrite);
        if (usage.CacheWrite1h > 0)
        {
            json.WriteNumber("cache_write_1h_tokens"u8, usage.CacheWrite1h);
        }

        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
