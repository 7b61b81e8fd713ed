using System.Buffers;
using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// Usage in the Responses API, and the cost that we add to it:
/// <code>
/// {"input_tokens":36,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},
///  "output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123,"cost":0.0014,"cost_details":{…}}
/// </code>
/// </summary>
internal static class ResponsesUsage
{
    public static void Write(Utf8JsonWriter json, in TokenUsage usage, long costNanoUsd)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens"u8, usage.Prompt);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.Cached);
        if (usage.CacheWrite > 0)
        {
            json.WriteNumber("cache_write_tokens"u8, usage.CacheWrite);
        }

        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.Output);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.Prompt + usage.Output);
        WriteCost(json, usage, costNanoUsd);
        json.WriteEndObject();
    }

    /// <summary>A provider's own usage with the cost: what it says besides stays.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="provided">The provider's usage object; empty when it reported none.</param>
    /// <param name="usage">What is charged.</param>
    /// <param name="costNanoUsd">What the customer pays.</param>
    public static void WriteWithCost(IBufferWriter<byte> output, ReadOnlySpan<byte> provided, in TokenUsage usage, long costNanoUsd)
    {
        using var json = new Utf8JsonWriter(output);
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
            var ours = reader.ValueTextEquals("cost"u8) || reader.ValueTextEquals("cost_details"u8);
            var name = reader.GetString()!;
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

    /// <param name="reader">At the usage's value, and at its end afterwards.</param>
    /// <returns>Null when it is no object.</returns>
    public static ReportedUsage? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long? input = null, output = null;
        long cached = 0, written = 0, reasoning = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8))
            {
                input = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                output = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("input_tokens_details"u8))
            {
                (cached, written) = Details(ref reader, "cached_tokens"u8, "cache_write_tokens"u8);
            }
            else if (reader.ValueTextEquals("output_tokens_details"u8))
            {
                (reasoning, _) = Details(ref reader, "reasoning_tokens"u8, default);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return new ReportedUsage(input, output, cached, written, reasoning);
    }

    private static (long First, long Second) Details(ref Utf8JsonReader reader, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        long one = 0, two = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return (one, two);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(first))
            {
                one = TokenCount.Read(ref reader) ?? 0;
            }
            else if (!second.IsEmpty && reader.ValueTextEquals(second))
            {
                two = TokenCount.Read(ref reader) ?? 0;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return (one, two);
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
