using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Selection;

/// <summary>
/// The first messages of a conversation: up to the first one of the user, and 1,024 bytes at least. Every later call of the conversation begins
/// with the same bytes, and calls that share no more than a system prompt differ, so that they spread.
/// </summary>
internal static class ConversationStart
{
    private const int LeastBytes = 1024;

    /// <summary>Empty where the messages are not read as such; who speaks a provider's wire says what is wrong with them.</summary>
    public static ReadOnlyMemory<byte> Of(ChatRequest request)
    {
        if (request.Messages is not { } range)
        {
            return default;
        }

        var messages = request.Body[range];
        var reader = new Utf8JsonReader(messages.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return default;
        }

        var asked = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            asked |= IsOfUser(ref reader);
            if (asked && reader.BytesConsumed >= LeastBytes)
            {
                return messages[..(int)reader.BytesConsumed];
            }
        }

        return default;
    }

    // Leaves the reader at the message's end.
    private static bool IsOfUser(ref Utf8JsonReader reader)
    {
        var isOfUser = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = reader.ValueTextEquals("role"u8);
            reader.Read();
            isOfUser |= isRole && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && reader.ValueTextEquals("user"u8);
            reader.Skip();
        }

        return isOfUser;
    }
}
