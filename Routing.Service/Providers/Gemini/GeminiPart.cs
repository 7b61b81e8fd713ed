using System.Text.Json;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// One part of a candidate's content, whose members come in any order. The readers stand at values in the provider's own bytes:
/// <code>
/// {"text":"Hello"}      {"text":"The user greets me.","thought":true}
/// {"functionCall":{"id":"…","name":"f","args":{"a":1}},"thoughtSignature":"…"}
/// </code>
/// </summary>
internal ref struct GeminiPart
{
    /// <summary>At the text; meaningless without <see cref="HasText"/>.</summary>
    public Utf8JsonReader Text;

    /// <summary>There is a text, and it is not empty.</summary>
    public bool HasText { get; private set; }

    /// <summary>The text is the model's thought.</summary>
    public bool IsThought { get; private set; }

    /// <summary>Of the function that is called; null without one.</summary>
    public string? Function { get; private set; }

    /// <summary>Gemini's id of the call, or one of ours.</summary>
    public string CallId { get; private set; }

    /// <summary>The arguments' JSON.</summary>
    public ReadOnlySpan<byte> Arguments { get; private set; }

    public string? Signature { get; private set; }

    /// <param name="reader">At the part's start, and at its end afterwards.</param>
    /// <param name="json">What the reader reads.</param>
    public static GeminiPart Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var part = default(GeminiPart);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return part;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                part.Text = reader;
                part.HasText = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("thought"u8))
            {
                reader.Read();
                part.IsThought = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("thoughtSignature"u8))
            {
                reader.Read();
                part.Signature = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("functionCall"u8))
            {
                reader.Read();
                part.ReadCall(ref reader, json);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return part;
    }

    private void ReadCall(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        (Function, CallId) = ("", "");
        Arguments = "{}"u8;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (isId, isName, isArguments) = (reader.ValueTextEquals("id"u8), reader.ValueTextEquals("name"u8), reader.ValueTextEquals("args"u8));
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            CallId = isId && reader.TokenType == JsonTokenType.String ? reader.GetString()! : CallId;
            Function = isName && reader.TokenType == JsonTokenType.String ? reader.GetString()! : Function;
            var isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            Arguments = isArguments && isObject ? json[start..(int)reader.BytesConsumed] : Arguments;
        }

        // Gemini's older models have none. OpenAI's own are as long, and clients limit them to 40 characters.
        CallId = CallId.Length > 0 ? CallId : $"call_{Guid.NewGuid():N}"[..29];
    }
}
