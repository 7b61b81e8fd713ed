using System.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>Reads the chunks of a chat stream into blocks. Only the first choice: more than one cannot be asked for in this dialect.</summary>
internal sealed class MessagesDeltas(MessagesBlocks blocks)
{
    private bool _refused;
    private bool _hasReasoningContent;
    private string? _finishReason;
    private byte[]? _stopSequence;

    public MessagesStop Stop => MessagesStop.Of(_finishReason, _stopSequence, blocks.HasTools, _refused);

    /// <returns>False when it cannot be put into blocks.</returns>
    public bool Read(ReadOnlySpan<byte> chunk)
    {
        var reader = new Utf8JsonReader(chunk);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChoices = reader.ValueTextEquals("choices"u8);
            reader.Read();
            if (!isChoices || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                }
                else if (!ReadChoice(ref reader, chunk))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool ReadChoice(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                if (!ReadDelta(ref reader, chunk))
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                _finishReason = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0 ? Encoding.UTF8.GetString(reader.ValueSpan) : _finishReason;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                _stopSequence = Text(ref reader, chunk) is { IsEmpty: false } sequence ? sequence.ToArray() : _stopSequence;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return true;
    }

    private bool ReadDelta(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return true;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                if (Text(ref reader, chunk) is { IsEmpty: false } text)
                {
                    blocks.Text(text);
                }
            }
            else if (reader.ValueTextEquals("reasoning_content"u8))
            {
                if (Text(ref reader, chunk) is { IsEmpty: false } text)
                {
                    _hasReasoningContent = true;
                    blocks.Thinking(text);
                }
            }
            else if (reader.ValueTextEquals("reasoning"u8))
            {
                // vLLM's name for it. Some servers send both.
                if (Text(ref reader, chunk) is { IsEmpty: false } text && !_hasReasoningContent)
                {
                    blocks.Thinking(text);
                }
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                if (Text(ref reader, chunk) is { IsEmpty: false } text)
                {
                    _refused = true;
                    blocks.Text(text);
                }
            }
            else if (reader.ValueTextEquals("thinking_blocks"u8))
            {
                ReadObjects(ref reader, chunk, ReadThought);
            }
            else if (!reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else if (!ReadObjects(ref reader, chunk, ReadToolCall))
            {
                return false;
            }
        }

        return true;
    }

    private delegate bool ObjectReader(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk);

    private static bool ReadObjects(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk, ObjectReader read)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return true;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
            }
            else if (!read(ref reader, chunk))
            {
                return false;
            }
        }

        return true;
    }

    // {"type":"thinking","thinking":"…","signature":"…"}: the text came as reasoning_content, what is new is the signature. {"type":"redacted_thinking","data":"…"}
    private bool ReadThought(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("signature"u8))
            {
                if (Text(ref reader, chunk) is { IsEmpty: false } signature)
                {
                    blocks.Signature(signature);
                }
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                if (Text(ref reader, chunk) is { IsEmpty: false } data)
                {
                    blocks.Redacted(data);
                }
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return true;
    }

    // {"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\""}}
    private bool ReadToolCall(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk)
    {
        int? index = null;
        ReadOnlySpan<byte> id = default, name = default, arguments = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var written) ? written : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                id = Text(ref reader, chunk);
            }
            else if (reader.ValueTextEquals("function"u8))
            {
                reader.Read();
                ReadFunction(ref reader, chunk, ref name, ref arguments);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return blocks.ToolCall(index, id, name, arguments);
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk, ref ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> arguments)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                name = Text(ref reader, chunk);
            }
            else if (reader.ValueTextEquals("arguments"u8))
            {
                arguments = Text(ref reader, chunk);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    /// <summary>The value after a property's name with its quotes; empty for an empty string and for what is none.</summary>
    private static ReadOnlySpan<byte> Text(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> chunk)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan.IsEmpty ? default : chunk[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
        }

        reader.Skip();
        return default;
    }
}
