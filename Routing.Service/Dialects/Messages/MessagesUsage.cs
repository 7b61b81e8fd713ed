using System.Buffers;
using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// Usage in Anthropic's wire, where what came from the cache and went into it stands beside the input, with our cost as on the other surfaces:
/// <code>
/// {"input_tokens":12,"cache_creation_input_tokens":512,"cache_read_input_tokens":2048,
///  "cache_creation":{"ephemeral_5m_input_tokens":112,"ephemeral_1h_input_tokens":400},
///  "output_tokens":97,"cost":0.00014,"cost_details":{"upstream_inference_cost":null}}
/// </code>
/// </summary>
internal static class MessagesUsage
{
    public static void Write(Utf8JsonWriter json, in TokenUsage usage, long costNanoUsd)
    {
        var parts = usage.ToMessage();
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, parts.InputTokens);
        json.WriteNumber("cache_creation_input_tokens"u8, parts.CacheWriteTokens + parts.CacheWrite1HTokens);
        json.WriteNumber("cache_read_input_tokens"u8, parts.CachedInputTokens);
        json.WriteStartObject("cache_creation"u8);
        json.WriteNumber("ephemeral_5m_input_tokens"u8, parts.CacheWriteTokens);
        json.WriteNumber("ephemeral_1h_input_tokens"u8, parts.CacheWrite1HTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.Output);
        WriteCost(json, usage, costNanoUsd);
        json.WriteEndObject();
    }

    /// <summary>An event or answer of Anthropic's own with the cost in its usage; everything else stays byte for byte.</summary>
    /// <param name="json">One object.</param>
    /// <param name="place">Where its usage stands; null without one.</param>
    /// <param name="usage">What is charged.</param>
    /// <param name="costNanoUsd">The customer's price.</param>
    public static ReadOnlyMemory<byte> WithCost(ReadOnlySpan<byte> json, Range? place, in TokenUsage usage, long costNanoUsd)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 256);
        if (place is { } range)
        {
            output.Write(json[..range.Start]);
            Write(output, json[range], usage, costNanoUsd);
            output.Write(json[range.End..]);
            return output.WrittenMemory;
        }

        output.Write(json[..json.LastIndexOf((byte)'}')]);
        output.Write(",\"usage\":"u8);
        Write(output, default, usage, costNanoUsd);
        output.Write("}"u8);
        return output.WrittenMemory;
    }

    private static void Write(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> provided, in TokenUsage usage, long costNanoUsd)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        if (provided.IsEmpty || usage.Estimated)
        {
            Write(json, usage, costNanoUsd);
            return;
        }

        json.WriteStartObject();
        var reader = new Utf8JsonReader(provided);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // A provider that is a gateway itself has a cost of its own in there, which is not what we charge.
            var ours = reader.ValueTextEquals("cost"u8) || reader.ValueTextEquals("cost_details"u8);
            var name = reader.ValueSpan;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!ours)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(provided[start..(int)reader.BytesConsumed], skipInputValidation: true);
            }
        }

        WriteCost(json, usage, costNanoUsd);
        json.WriteEndObject();
    }

    private static void WriteCost(Utf8JsonWriter json, in TokenUsage usage, long costNanoUsd)
    {
        json.WriteNumber("cost"u8, costNanoUsd / 1_000_000_000m);
        json.WriteStartObject("cost_details"u8);
        json.WriteNull("upstream_inference_cost"u8);
        if (usage.Estimated)
        {
            json.WriteBoolean("estimated"u8, true);
        }

        json.WriteEndObject();
    }
}
