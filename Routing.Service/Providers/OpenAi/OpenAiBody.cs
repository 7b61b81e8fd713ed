using System.Buffers;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>The bodies of OpenAI's smaller endpoints: the client's own bytes, with these members put in front in place of the client's.</summary>
internal static class OpenAiBody
{
    // What such models answer with unless told otherwise: platform.openai.com/docs/api-reference/completions/create#max_tokens
    private const long LegacyMaximum = 16;

    public static void Embeddings(EmbeddingRequest request, Deployment deployment, IBufferWriter<byte> output)
    {
        using var json = Begin(output, deployment);
        Copy(request.Body.Span, json, "model");
    }

    /// <param name="maxTokens">What the hold covers, when the client set no maximum.</param>
    public static void Completion(CompletionRequest request, Deployment deployment, bool stream, long? maxTokens, IBufferWriter<byte> output)
    {
        using var json = Begin(output, deployment);
        json.WriteBoolean("stream"u8, stream);
        if (stream)
        {
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
        }

        if (maxTokens is { } maximum)
        {
            json.WriteNumber("max_tokens"u8, Math.Min(maximum, LegacyMaximum));
        }

        Copy(request.Body.Span, json, "model", "stream", "stream_options", maxTokens is null ? "model" : "max_tokens");
    }

    private static Utf8JsonWriter Begin(IBufferWriter<byte> output, Deployment deployment)
    {
        var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteString("model"u8, deployment.UpstreamModel);
        return json;
    }

    private static void Copy(ReadOnlySpan<byte> body, Utf8JsonWriter json, params ReadOnlySpan<string> replaced)
    {
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!replaced.Contains(name))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(body[start..(int)reader.BytesConsumed], skipInputValidation: true);
            }
        }

        json.WriteEndObject();
        json.Flush();
    }
}
