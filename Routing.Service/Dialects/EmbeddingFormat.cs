using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// Vectors in the form that the client asked for, where the provider wrote them in the other one. Official clients ask for base64 and decode
/// whatever comes as that, and many servers know arrays only: their numbers would come out as others, without an error.
/// <code>
/// {"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"model":"m","usage":{…}}
/// {"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="}],"model":"m","usage":{…}}
/// </code>
/// </summary>
internal sealed class EmbeddingFormat(bool base64) : IAnswerTranslator
{
    public CallFault? Translate(in SseEvent item, ChatEvents output) => throw new NotSupportedException("Embeddings are not streamed.");

    /// <exception cref="JsonException">A vector is no vector.</exception>
    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer)
    {
        var span = answer.Span;
        var reader = new Utf8JsonReader(span);
        ArrayBufferWriter<byte>? output = null;
        var copied = 0;
        while (reader.Read())
        {
            if (!IsVector(ref reader))
            {
                continue;
            }

            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (reader.TokenType == (base64 ? JsonTokenType.String : JsonTokenType.StartArray))
            {
                reader.Skip();
                continue;
            }

            output ??= new ArrayBufferWriter<byte>(span.Length);
            output.Write(span[copied..start]);
            Convert(ref reader, output);
            copied = (int)reader.BytesConsumed;
        }

        output?.Write(span[copied..]);
        return (output?.WrittenMemory ?? answer, null);
    }

    /// <summary>How many vectors an answer has.</summary>
    public static int Count(ReadOnlySpan<byte> answer)
    {
        var reader = new Utf8JsonReader(answer);
        var count = 0;
        while (reader.Read())
        {
            count += IsVector(ref reader) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Writes the vector that the reader is at, the other way round.</summary>
    public static void Convert(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            WriteBase64(ref reader, output);
        }
        else
        {
            WriteNumbers(reader.TryGetBytesFromBase64(out var floats) ? floats : throw new JsonException("Not base64."), output);
        }
    }

    // {"data":[{"embedding": …
    private static bool IsVector(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 3 && reader.ValueTextEquals("embedding"u8);

    private static void WriteBase64(ref Utf8JsonReader reader, IBufferWriter<byte> output)
    {
        var floats = new ArrayBufferWriter<byte>(4096);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            BinaryPrimitives.WriteSingleLittleEndian(
                floats.GetSpan(sizeof(float)), reader.TryGetSingle(out var value) ? value : throw new JsonException("Not a number."));
            floats.Advance(sizeof(float));
        }

        output.Write("\""u8);
        Base64.EncodeToUtf8(floats.WrittenSpan, output.GetSpan(Base64.GetMaxEncodedToUtf8Length(floats.WrittenCount)), out _, out var written);
        output.Advance(written);
        output.Write("\""u8);
    }

    private static void WriteNumbers(ReadOnlySpan<byte> floats, IBufferWriter<byte> output)
    {
        output.Write("["u8);
        for (var at = 0; at + sizeof(float) <= floats.Length; at += sizeof(float))
        {
            var value = BinaryPrimitives.ReadSingleLittleEndian(floats[at..]);
            if (!float.IsFinite(value) || !value.TryFormat(output.GetSpan(32), out var written, "R", CultureInfo.InvariantCulture))
            {
                throw new JsonException("Not a number.");
            }

            output.Advance(written);
            output.Write(at + (2 * sizeof(float)) <= floats.Length ? ","u8 : ""u8);
        }

        output.Write("]"u8);
    }
}
