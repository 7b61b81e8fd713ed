using System.Text.Json;

namespace LlmGateway.Routing.Providers.Anthropic;

internal enum AnthropicEvent
{
    Other,
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageDelta,
    MessageStop,
    Error,
}

/// <summary>How an event's JSON is read: its members in any order, and what stands in another's place is no event.</summary>
internal static class AnthropicEvents
{
    /// <exception cref="JsonException">It is not one JSON object with a type.</exception>
    public static AnthropicEvent TypeOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Not an object.");
        }

        AnthropicEvent? type = null;
        while (NextMember(ref reader))
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            type = isType ? TypeOf(ref reader) : type;
            reader.Skip();
        }

        // Past the object's end; anything but blanks there throws.
        reader.Read();
        return type ?? throw new JsonException("An event without a type.");
    }

    /// <summary>To the name of an object's next member; false at its end.</summary>
    public static bool NextMember(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.PropertyName;
    }

    /// <summary>Into the object that is a member's value.</summary>
    /// <exception cref="JsonException">There is none.</exception>
    public static void Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (NextMember(ref reader))
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found && reader.TokenType == JsonTokenType.StartObject)
            {
                return;
            }

            reader.Skip();
        }

        throw new JsonException("An event without its content.");
    }

    /// <summary>Over a member that is of no interest.</summary>
    public static void SkipMember(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    public static bool HasText(in Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;

    /// <summary>The string that is a member's value; empty for null.</summary>
    public static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString() ?? "";
    }

    private static AnthropicEvent TypeOf(ref Utf8JsonReader value) =>
        value.TokenType != JsonTokenType.String ? AnthropicEvent.Other
        : value.ValueTextEquals("content_block_delta"u8) ? AnthropicEvent.BlockDelta
        : value.ValueTextEquals("content_block_start"u8) ? AnthropicEvent.BlockStart
        : value.ValueTextEquals("content_block_stop"u8) ? AnthropicEvent.BlockStop
        : value.ValueTextEquals("message_start"u8) ? AnthropicEvent.MessageStart
        : value.ValueTextEquals("message_delta"u8) ? AnthropicEvent.MessageDelta
        : value.ValueTextEquals("message_stop"u8) ? AnthropicEvent.MessageStop
        : value.ValueTextEquals("error"u8) ? AnthropicEvent.Error
        : AnthropicEvent.Other;
}
