using System.Text.Json;
using LlmGateway.Routing.Providers.Anthropic;

namespace LlmGateway.Routing.Dialects.Messages;

internal enum MessagesEventKind
{
    /// <summary>A ping, a block's end, or an event that is not known here: it passes.</summary>
    Other,
    Start,
    Content,
    Delta,
    Stop,
    Error,
}

/// <summary>What one JSON of Anthropic's wire says, a stream's event or a whole answer: read in one pass, nothing copied.</summary>
internal struct MessagesEvent
{
    public MessagesEventKind Kind { get; private set; }

    /// <summary>A whole answer.</summary>
    public bool IsMessage { get; private set; }

    /// <summary>UTF-8 bytes of what the model said: text, thinking, tool calls.</summary>
    public int ContentBytes { get; private set; }

    /// <summary>The answer says why it ended.</summary>
    public bool HasStopReason { get; private set; }

    /// <summary>Where the usage stands; null without one.</summary>
    public Range? UsageRange { get; private set; }

    /// <param name="json">Of the event.</param>
    /// <param name="usage">Takes the event's usage in.</param>
    /// <param name="item">What it says.</param>
    /// <returns>False when the bytes are not one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, ref AnthropicUsage usage, out MessagesEvent item)
    {
        item = default;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                item.Property(ref reader, ref usage);
            }

            // Past the object's end; anything but blanks there throws.
            return !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Property(ref Utf8JsonReader reader, ref AnthropicUsage usage)
    {
        if (reader.ValueTextEquals("type"u8))
        {
            reader.Read();
            ReadType(ref reader);
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var isUsage = reader.TokenType == JsonTokenType.StartObject;
            usage.Merge(ref reader);
            UsageRange = isUsage ? start..(int)reader.BytesConsumed : UsageRange;
        }
        else if (reader.ValueTextEquals("message"u8))
        {
            reader.Read();
            ReadMessage(ref reader, ref usage);
        }
        else if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("content_block"u8) || reader.ValueTextEquals("content"u8))
        {
            reader.Read();
            ReadContent(ref reader);
        }
        else if (reader.ValueTextEquals("stop_reason"u8))
        {
            reader.Read();
            HasStopReason |= reader.TokenType == JsonTokenType.String;
            reader.Skip();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private void ReadType(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return;
        }

        IsMessage = reader.ValueTextEquals("message"u8);
        Kind = reader.ValueTextEquals("content_block_delta"u8) || reader.ValueTextEquals("content_block_start"u8) ? MessagesEventKind.Content
            : reader.ValueTextEquals("message_start"u8) ? MessagesEventKind.Start
            : reader.ValueTextEquals("message_delta"u8) ? MessagesEventKind.Delta
            : reader.ValueTextEquals("message_stop"u8) ? MessagesEventKind.Stop
            : reader.ValueTextEquals("error"u8) ? MessagesEventKind.Error
            : MessagesEventKind.Other;
    }

    // {"type":"message_start","message":{…,"usage":{…}}}: the one usage that is no member of the event itself.
    private static void ReadMessage(ref Utf8JsonReader reader, ref AnthropicUsage usage)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            if (isUsage)
            {
                usage.Merge(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // {"type":"text_delta","text":"…"}, {"type":"input_json_delta","partial_json":"…"}, {"stop_reason":"end_turn"}, a block, or an answer's array of them.
    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            reader.Skip();
            return;
        }

        var depth = reader.CurrentDepth;
        var counts = false;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("stop_reason"u8))
                {
                    reader.Read();
                    HasStopReason |= reader.TokenType == JsonTokenType.String;
                    reader.Skip();
                    continue;
                }

                if (reader.ValueTextEquals("input"u8))
                {
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    ContentBytes += (int)reader.BytesConsumed - start - 2;
                    continue;
                }

                // What a tool of Anthropic's own found is input of the next turn.
                counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8)
                    || reader.ValueTextEquals("name"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && counts)
            {
                ContentBytes += reader.ValueSpan.Length;
            }
        }
    }
}
