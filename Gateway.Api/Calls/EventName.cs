using System.Text.Json;

namespace LlmGateway.Gateway.Calls;

/// <summary>The name of an event whose JSON says it: {"type":"response.completed",…}.</summary>
internal static class EventName
{
    // A name without escapes cannot break out of its line: JSON has no raw line breaks in strings.
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped)
            {
                return reader.ValueSpan;
            }

            reader.Skip();
        }

        return "message"u8;
    }
}
