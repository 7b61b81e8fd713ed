using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A chat's answer as a legacy completion's, whole or as one chunk of a stream, which have one form:
/// <code>
/// {"id":"…","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}
/// {"id":"…","object":"text_completion","created":1,"model":"m","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":null}]}
/// </code>
/// </summary>
internal static class CompletionText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>A whole answer.</summary>
    public static ReadOnlyMemory<byte> Whole(ReadOnlySpan<byte> chat)
    {
        var output = new ArrayBufferWriter<byte>(chat.Length);
        WriteObject(chat, output);
        return output.WrittenMemory;
    }

    /// <returns>False for a chunk that has nothing for a completion, and then nothing was written: the one that says who speaks.</returns>
    public static bool Write(ReadOnlySpan<byte> chat, IBufferWriter<byte> output)
    {
        if (!HasText(chat))
        {
            return false;
        }

        WriteObject(chat, output);
        return true;
    }

    private static void WriteObject(ReadOnlySpan<byte> chat, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("object"u8, "text_completion"u8);
        var reader = new Utf8JsonReader(chat);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                WriteChoices(ref reader, json);
                continue;
            }

            var name = reader.ValueSpan;
            var ours = reader.ValueTextEquals("object"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!ours)
            {
                json.WritePropertyName(name);
                json.WriteRawValue(chat[start..(int)reader.BytesConsumed], skipInputValidation: true);
            }
        }

        json.WriteEndObject();
    }

    /// <summary>Whether there are no choices, as with a usage, or one with text or its end.</summary>
    private static bool HasText(ReadOnlySpan<byte> chat)
    {
        var reader = new Utf8JsonReader(chat);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChoices = reader.ValueTextEquals("choices"u8);
            reader.Read();
            if (isChoices)
            {
                return HasText(ref reader);
            }

            reader.Skip();
        }

        return true;
    }

    private static bool HasText(ref Utf8JsonReader choices)
    {
        var (any, depth) = (false, choices.CurrentDepth);
        while (choices.Read() && choices.CurrentDepth > depth)
        {
            any = true;
            if (choices.TokenType == JsonTokenType.PropertyName
                && ((choices.CurrentDepth == depth + 3 && choices.ValueTextEquals("content"u8))
                    || (choices.CurrentDepth == depth + 2 && choices.ValueTextEquals("finish_reason"u8))))
            {
                choices.Read();
                if (choices.TokenType == JsonTokenType.String && choices.ValueSpan.Length > 0)
                {
                    return true;
                }
            }
        }

        return !any;
    }

    private static void WriteChoices(ref Utf8JsonReader reader, Utf8JsonWriter json)
    {
        json.WriteStartArray("choices"u8);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            json.WriteStartObject();
            var text = default(Utf8JsonReader);
            var finish = default(Utf8JsonReader);
            var index = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (isContent, isFinish, isIndex) = (
                    reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8), reader.ValueTextEquals("finish_reason"u8),
                    reader.ValueTextEquals("index"u8));
                reader.Read();
                text = isContent ? Content(ref reader) : text;
                finish = isFinish ? reader : finish;
                index = isIndex && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : index;
                reader.Skip();
            }

            JsonText.Copy("text"u8, ref text, json);
            json.WriteNumber("index"u8, index);
            json.WriteNull("logprobs"u8);
            WriteFinish(ref finish, json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFinish(ref Utf8JsonReader finish, Utf8JsonWriter json)
    {
        if (finish.TokenType == JsonTokenType.String && finish.ValueSpan.Length > 0)
        {
            JsonText.Copy("finish_reason"u8, ref finish, json);
        }
        else
        {
            json.WriteNull("finish_reason"u8);
        }
    }

    /// <summary>At the text of a delta or message, whose end the reader is left at.</summary>
    private static Utf8JsonReader Content(scoped ref Utf8JsonReader reader)
    {
        var content = default(Utf8JsonReader);
        var isObject = reader.TokenType == JsonTokenType.StartObject;
        while (isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isContent = reader.ValueTextEquals("content"u8);
            reader.Read();
            content = isContent ? reader : content;
            reader.Skip();
        }

        return content;
    }
}
