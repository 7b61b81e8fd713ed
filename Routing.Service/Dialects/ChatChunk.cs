using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects;

/// <summary>What one JSON of OpenAI's chat wire says, a stream's chunk or a whole answer: read in one pass, nothing copied.</summary>
internal struct ChatChunk
{
    /// <summary>There is a choices array, which may be empty.</summary>
    public bool HasChoices { get; private set; }

    /// <summary>Elements of the choices array.</summary>
    public int Choices { get; private set; }

    /// <summary>The "index" of each choice with a finish_reason; null when none has one, as in all chunks but the last.</summary>
    public List<int>? Finished { get; private set; }

    /// <summary>UTF-8 bytes of what the model said: text, reasoning, refusal, tool calls.</summary>
    public int ContentBytes { get; private set; }

    /// <summary>The last choice's text, a JSON string with its quotes; null without one.</summary>
    public Range? Text { get; private set; }

    /// <summary>A choice says something that is not text: reasoning, a refusal, a tool call.</summary>
    public bool HasOther { get; private set; }

    /// <summary>The error's bytes, when the JSON is one.</summary>
    public Range? Error { get; private set; }

    /// <summary>The usage object's bytes; null when absent or null.</summary>
    public Range? UsageRange { get; private set; }

    public ReportedUsage Usage { get; private set; }

    /// <summary>False when the bytes are not one JSON object.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out ChatChunk chunk)
    {
        chunk = default;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                chunk.Property(ref reader, json.Length);
            }

            // Past the object's end; anything but blanks there throws.
            return !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Property(ref Utf8JsonReader reader, int length)
    {
        if (reader.ValueTextEquals("choices"u8))
        {
            reader.Read();
            ReadChoices(ref reader);
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            ReadUsage(ref reader);
        }
        else if (reader.ValueTextEquals("error"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var isNull = reader.TokenType == JsonTokenType.Null;
            reader.Skip();
            Error = isNull ? Error : start..(int)reader.BytesConsumed;
        }
        else if (reader.ValueTextEquals("object"u8))
        {
            // Old vLLM: {"object":"error","message":"…","type":"…","code":400}
            reader.Read();
            Error = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8) ? 0..length : Error;
            reader.Skip();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        HasChoices = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Choices++;
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        // Servers that leave the index out have one choice, or all of them in one array.
        var index = Choices - 1;
        var finished = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("finish_reason"u8))
            {
                // SGLang and old Ollama send "finish_reason":"" on every chunk before the last.
                reader.Read();
                finished = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var written) ? written : index;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                // A legacy completion's, which is a chat's in all else.
                reader.Read();
                ContentBytes += reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                ReadContent(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (finished)
        {
            (Finished ??= []).Add(index);
        }
    }

    // {"role":"assistant","content":"Hel","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{"}}]}
    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                {
                    Text = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                    ContentBytes += reader.ValueSpan.Length;
                    continue;
                }
            }
            else if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                reader.Skip();
                continue;
            }

            ReadOther(ref reader);
        }
    }

    /// <param name="reader">At a member's name, or at its value.</param>
    private void ReadOther(ref Utf8JsonReader reader)
    {
        var counts = reader.TokenType != JsonTokenType.PropertyName || Counts(ref reader);
        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Read();
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                HasOther |= reader.ValueSpan.Length > 0;
                ContentBytes += counts ? reader.ValueSpan.Length : 0;
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                HasOther |= ReadInside(ref reader, counts);
                break;
            default:
                HasOther |= reader.TokenType != JsonTokenType.Null;
                break;
        }
    }

    /// <returns>Whether there is anything.</returns>
    private bool ReadInside(ref Utf8JsonReader reader, bool counts)
    {
        var (depth, any) = (reader.CurrentDepth, false);
        var all = counts;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            any = true;
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                counts = all && Counts(ref reader);
            }
            else if (reader.TokenType == JsonTokenType.String && counts)
            {
                ContentBytes += reader.ValueSpan.Length;
            }
        }

        return any;
    }

    /// <summary>Whether strings under this name are what the model said. thinking_blocks is what reasoning_content has said already, reasoning_items what only its provider can read.</summary>
    private static bool Counts(ref Utf8JsonReader name) =>
        !(name.ValueTextEquals("role"u8) || name.ValueTextEquals("type"u8) || name.ValueTextEquals("id"u8)
            || name.ValueTextEquals("thinking_blocks"u8) || name.ValueTextEquals("reasoning_items"u8));

    // DeepSeek says what was cached by a name of its own: {"prompt_tokens":100,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}
    private void ReadUsage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var start = (int)reader.TokenStartIndex;
        long? prompt = null, output = null, total = null;
        long cached = 0, written = 0, hour = 0, reasoning = 0, hits = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
            {
                prompt = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("completion_tokens"u8))
            {
                output = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("total_tokens"u8))
            {
                total = TokenCount.Read(ref reader);
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8))
            {
                (cached, written, hour) = Details(ref reader, "cached_tokens"u8, "cache_write_tokens"u8, "cache_write_1h_tokens"u8);
            }
            else if (reader.ValueTextEquals("prompt_cache_hit_tokens"u8))
            {
                hits = TokenCount.Read(ref reader) ?? 0;
            }
            else if (reader.ValueTextEquals("completion_tokens_details"u8))
            {
                (reasoning, _, _) = Details(ref reader, "reasoning_tokens"u8, default, default);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        UsageRange = start..(int)reader.BytesConsumed;
        Usage = new ReportedUsage(
            prompt, WithReasoning(output, total - prompt), cached > 0 ? cached : hits, written, reasoning)
        {
            CacheWrite1h = hour,
        };
    }

    // xAI leaves the reasoning out of the completion and has it in the total:
    // {"prompt_tokens":12,"completion_tokens":1,"total_tokens":399,"completion_tokens_details":{"reasoning_tokens":386}}
    private static long? WithReasoning(long? output, long? rest) => output is null || rest is null ? output : Math.Max(output.Value, rest.Value);

    // May be null altogether, and each of its members too (vLLM).
    private static (long First, long Second, long Third) Details(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        long one = 0, two = 0, three = 0;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return (one, two, three);
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(first))
            {
                one = TokenCount.Read(ref reader) ?? 0;
            }
            else if (reader.ValueTextEquals(second))
            {
                two = TokenCount.Read(ref reader) ?? 0;
            }
            else if (reader.ValueTextEquals(third))
            {
                three = TokenCount.Read(ref reader) ?? 0;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return (one, two, three);
    }
}
