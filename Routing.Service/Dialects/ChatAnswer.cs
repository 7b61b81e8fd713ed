using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects;

/// <summary>What the gateway adds to an OpenAI chat answer: the usage with its cost. Everything else stays byte for byte.</summary>
internal static class ChatAnswer
{
    /// <summary>A whole answer with the cost in its usage; a usage that the provider left out is added.</summary>
    public static ReadOnlyMemory<byte> WithCost(ReadOnlyMemory<byte> json, Range? usageRange, TokenUsage usage, long costNanoUsd)
    {
        var span = json.Span;
        var output = new ArrayBufferWriter<byte>(span.Length + 256);
        if (usageRange is { } range)
        {
            output.Write(span[..range.Start]);
            WriteUsage(output, span[range], usage, costNanoUsd);
            output.Write(span[range.End..]);
            return output.WrittenMemory;
        }

        var body = WithoutUsage(span);
        var brace = body.LastIndexOf((byte)'}');
        output.Write(body[..brace].TrimEnd(" \t\r\n"u8));
        output.Write(",\"usage\":"u8);
        WriteUsage(output, default, usage, costNanoUsd);
        output.Write("}"u8);
        return output.WrittenMemory;
    }

    /// <summary>The stream's last chunk, made of the provider's own usage chunk, else of its first chunk's head.</summary>
    public static ReadOnlyMemory<byte> UsageChunk(
        ReadOnlyMemory<byte> usageChunk, ReadOnlySpan<byte> providerUsage, ReadOnlyMemory<byte> firstChunk, TokenUsage usage, long costNanoUsd)
    {
        if (!usageChunk.IsEmpty && ChatChunk.TryRead(usageChunk.Span, out var read))
        {
            return WithCost(usageChunk, read.UsageRange, usage, costNanoUsd);
        }

        var output = new ArrayBufferWriter<byte>(512);
        output.Write("{"u8);
        WriteHead(output, firstChunk.Span);
        output.Write("\"choices\":[],\"usage\":"u8);
        WriteUsage(output, providerUsage, usage, costNanoUsd);
        output.Write("}"u8);
        return output.WrittenMemory;
    }

    /// <summary>A content chunk whose usage is for the end: other servers put it on every chunk.</summary>
    public static ReadOnlyMemory<byte> WithNullUsage(ReadOnlySpan<byte> json, Range usageRange)
    {
        var output = new ArrayBufferWriter<byte>(json.Length);
        output.Write(json[..usageRange.Start]);
        output.Write("null"u8);
        output.Write(json[usageRange.End..]);
        return output.WrittenMemory;
    }

    /// <summary>Nano-dollars as decimal dollars: at most 9 places, no exponent, no zeros at the end.</summary>
    internal static void WriteUsd(IBufferWriter<byte> output, long nanoUsd)
    {
        Utf8Formatter.TryFormat(nanoUsd / 1_000_000_000m, output.GetSpan(32), out var written, new StandardFormat('F', 9));
        var text = output.GetSpan(32)[..written].TrimEnd((byte)'0').TrimEnd((byte)'.');
        output.Advance(text.Length);
    }

    /// <param name="output">Where to.</param>
    /// <param name="provided">The provider's usage object; empty when it reported none.</param>
    private static void WriteUsage(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> provided, TokenUsage usage, long costNanoUsd)
    {
        output.Write("{"u8);
        if (!provided.IsEmpty && !usage.Estimated)
        {
            CopyMembers(output, provided);
        }
        else
        {
            WriteNumber(output, "\"prompt_tokens\":"u8, usage.Prompt);
            WriteNumber(output, ",\"completion_tokens\":"u8, usage.Output);
            WriteNumber(output, ",\"total_tokens\":"u8, usage.Prompt + usage.Output);
            output.Write(","u8);
        }

        output.Write("\"cost\":"u8);
        WriteUsd(output, costNanoUsd);
        output.Write(",\"cost_details\":{\"upstream_inference_cost\":null"u8);
        output.Write(usage.Estimated ? ",\"estimated\":true}}"u8 : "}}"u8);
    }

    // A provider that is a gateway itself (OpenRouter, LiteLLM) has a cost of its own in there, which is not what we charge.
    private static void CopyMembers(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> usage)
    {
        var reader = new Utf8JsonReader(usage);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var ours = reader.ValueTextEquals("cost"u8) || reader.ValueTextEquals("cost_details"u8);
            reader.Read();
            reader.Skip();
            if (!ours)
            {
                output.Write(usage[start..(int)reader.BytesConsumed]);
                output.Write(","u8);
            }
        }
    }

    /// <summary>The members that all chunks of an answer share, each with a comma after it.</summary>
    internal static void WriteHead(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> chunk)
    {
        var reader = new Utf8JsonReader(chunk);
        if (chunk.IsEmpty || !reader.Read())
        {
            output.Write("\"object\":\"chat.completion.chunk\","u8);
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var wanted = reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("object"u8) || reader.ValueTextEquals("created"u8)
                || reader.ValueTextEquals("model"u8) || reader.ValueTextEquals("service_tier"u8) || reader.ValueTextEquals("system_fingerprint"u8);
            reader.Read();
            reader.Skip();
            if (wanted)
            {
                output.Write(chunk[start..(int)reader.BytesConsumed]);
                output.Write(","u8);
            }
        }
    }

    // {"usage":null,…}: a second member of that name would be valid JSON, and ambiguous.
    private static ReadOnlySpan<byte> WithoutUsage(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var previousEnd = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var start = (int)reader.TokenStartIndex;
            var isUsage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            reader.Skip();
            var end = (int)reader.BytesConsumed;
            if (isUsage)
            {
                return Cut(json, previousEnd, start, end);
            }

            previousEnd = end;
        }

        return json;
    }

    private static byte[] Cut(ReadOnlySpan<byte> json, int previousEnd, int start, int end)
    {
        // Takes the comma along: the one before, or the one after when the member is the first.
        var first = json[previousEnd - 1] == (byte)'{' && !json[previousEnd..start].Contains((byte)',');
        var rest = json[end..];
        if (!first)
        {
            return [.. json[..previousEnd], .. rest];
        }

        var comma = rest.IndexOf((byte)',');
        return [.. json[..start], .. comma < 0 ? rest : rest[(comma + 1)..]];
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> name, long value)
    {
        output.Write(name);
        Utf8Formatter.TryFormat(value, output.GetSpan(20), out var written);
        output.Advance(written);
    }
}
