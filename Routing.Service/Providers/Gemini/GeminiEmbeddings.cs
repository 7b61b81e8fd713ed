using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// Embeddings in Gemini's wire (ai.google.dev/api/embeddings), which takes texts only and reports no usage:
/// <code>
/// {"requests":[{"model":"models/m","content":{"parts":[{"text":"…"}]},"outputDimensionality":256}]}
/// {"embeddings":[{"values":[0.01,-0.02]}]}
/// </code>
/// </summary>
internal sealed class GeminiEmbeddings(EmbeddingRequest request, Deployment deployment) : IAnswerTranslator
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Why the request cannot be sent; null when it is written.</returns>
    public CallFault? WriteRequest(IBufferWriter<byte> output)
    {
        try
        {
            var texts = request.IsTokens ? throw new FieldException("input", null) : request.Texts();
            using var json = new Utf8JsonWriter(output, Relaxed);
            json.WriteStartObject();
            json.WriteStartArray("requests"u8);
            foreach (var text in texts)
            {
                WriteText(json, text);
            }

            json.WriteEndArray();
            json.WriteEndObject();
            return null;
        }
        catch (FieldException e)
        {
            return e.ToFault(deployment);
        }
    }

    public CallFault? Translate(in SseEvent item, ChatEvents output) => throw new NotSupportedException("Embeddings are not streamed.");

    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer)
    {
        using var document = JsonDocument.Parse(answer);
        if (!document.RootElement.TryGetProperty("embeddings"u8, out var embeddings) || embeddings.GetArrayLength() != request.Count)
        {
            return (default, new CallFault(CallFailure.ProviderError, $"{deployment.Provider} did not answer with one vector for each input."));
        }

        var output = new ArrayBufferWriter<byte>(answer.Length);
        using var json = new Utf8JsonWriter(output, Relaxed);
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        var index = 0;
        foreach (var embedding in embeddings.EnumerateArray())
        {
            WriteVector(json, embedding, index++);
        }

        json.WriteEndArray();
        json.WriteString("model"u8, deployment.ModelName);
        json.WriteEndObject();
        json.Flush();
        return new EmbeddingFormat(request.IsBase64).Translate(output.WrittenMemory);
    }

    private void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("model"u8, "models/" + deployment.UpstreamModel);
        json.WriteStartObject("content"u8);
        json.WriteStartArray("parts"u8);
        GeminiParts.Text(json, text);
        json.WriteEndArray();
        json.WriteEndObject();
        if (request.Dimensions is { } dimensions)
        {
            json.WriteNumber("outputDimensionality"u8, dimensions);
        }

        json.WriteEndObject();
    }

    private static void WriteVector(Utf8JsonWriter json, JsonElement embedding, int index)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "embedding"u8);
        json.WriteNumber("index"u8, index);
        json.WritePropertyName("embedding"u8);
        (embedding.TryGetProperty("values"u8, out var values) && values.ValueKind == JsonValueKind.Array ? values : throw new JsonException("Not a vector."))
            .WriteTo(json);
        json.WriteEndObject();
    }
}
