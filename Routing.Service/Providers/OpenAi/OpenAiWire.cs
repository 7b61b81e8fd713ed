using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// A client's chat body for an OpenAI-compatible provider: the client's own bytes with these values replaced, or put in front
/// where they are missing:
/// <code>
/// "model": the provider's name      "stream": true or false      "stream_options": {…, "include_usage": true} in a stream, else null
/// "max_completion_tokens" (OpenAI) or "max_tokens" (others): what the hold covers, when the client set no maximum (null is none)
/// "max_tokens" (others): the client's max_completion_tokens, which stays beside it, where that is its only maximum
/// </code>
/// </summary>
internal static class OpenAiWire
{
    public static void Write(ChatRequest request, Deployment deployment, bool stream, long? maxTokens, IBufferWriter<byte> output)
    {
        if (OpenAiModel.Of(deployment) is { } model)
        {
            ReasoningWire.Write(request, deployment, model, stream, maxTokens, output);
            return;
        }

        maxTokens ??= InOlderName(request, deployment);
        var body = request.Body.Span;
        var start = body.IndexOf((byte)'{') + 1;
        output.Write("{"u8);
        var edits = new Edits(output, body, start);

        // Values that are there already, in the order of the body.
        Span<(Range? Place, Field Field)> places =
        [
            (request.Model, Field.Model), (request.Stream, Field.Stream), (request.StreamOptions, Field.StreamOptions),
            (maxTokens is null ? null : TakesCompletionTokens(deployment) ? request.MaxCompletionTokens : request.MaxTokens, Field.MaxTokens),
        ];
        WriteMissing(places, deployment, stream, maxTokens, output);
        places.Sort(static (left, right) => Start(left.Place).CompareTo(Start(right.Place)));
        foreach (var (place, field) in places)
        {
            if (place is { } range)
            {
                edits.CopyUntil(range.Start.Value);
                WriteValue(field, body[range], deployment, stream, maxTokens, output);
                edits.Continue(range.End.Value);
            }
        }

        edits.CopyUntil(body.Length);
    }

    private static void WriteMissing(
        Span<(Range? Place, Field Field)> places, Deployment deployment, bool stream, long? maxTokens, IBufferWriter<byte> output)
    {
        if (places[0].Place is null)
        {
            output.Write("\"model\":"u8);
            WriteValue(Field.Model, default, deployment, stream, maxTokens, output);
            output.Write(","u8);
        }

        if (places[1].Place is null && stream)
        {
            output.Write("\"stream\":true,"u8);
        }

        if (places[2].Place is null && stream)
        {
            output.Write("\"stream_options\":{\"include_usage\":true},"u8);
        }

        if (maxTokens is not null && places[3].Place is null)
        {
            output.Write(TakesCompletionTokens(deployment) ? "\"max_completion_tokens\":"u8 : "\"max_tokens\":"u8);
            WriteValue(Field.MaxTokens, default, deployment, stream, maxTokens, output);
            output.Write(","u8);
        }
    }

    // OpenAI's newer models refuse max_tokens, unless it is null; other servers know max_tokens, and some nothing else.
    private static bool TakesCompletionTokens(Deployment deployment) => deployment.Provider is ProviderName.OpenAi or ProviderName.Azure;

    /// <summary>
    /// The client's maximum, for servers that overlook it: Ollama and llama-cpp-python know max_tokens only, and would put out more than is held.
    /// Null where it has that name already, and where the answer is OpenAI's in the end, which refuses the two together.
    /// </summary>
    private static long? InOlderName(ChatRequest request, Deployment deployment) =>
        IsNumber(request.MaxCompletionTokens, request) && !IsNumber(request.MaxTokens, request)
            && !TakesCompletionTokens(deployment) && deployment.Provider != ProviderName.LiteLlm && !IsOpenAis(deployment.UpstreamModel)
                ? request.MaxOutputTokens
                : null;

    private static bool IsNumber(Range? value, ChatRequest request) => value is { } place && request.Body.Span[place] is not [(byte)'n', ..];

    /// <summary>gpt-4o, openai/o3-mini, but not gpt-oss:20b, openai/gpt-oss-120b.</summary>
    private static bool IsOpenAis(string model)
    {
        var name = model.AsSpan(model.LastIndexOf('/') + 1);
        return (name.StartsWith("gpt-") && !name.StartsWith("gpt-oss")) || name.StartsWith("chatgpt-") || name is ['o', >= '0' and <= '9', ..];
    }

    private static void WriteValue(
        Field field, ReadOnlySpan<byte> old, Deployment deployment, bool stream, long? maxTokens, IBufferWriter<byte> output)
    {
        switch (field)
        {
            case Field.Model:
                output.Write("\""u8);
                output.Write(deployment.UpstreamModelJson.EncodedUtf8Bytes);
                output.Write("\""u8);
                break;
            case Field.Stream:
                output.Write(stream ? "true"u8 : "false"u8);
                break;
            case Field.StreamOptions when stream:
                WriteStreamOptions(old, output);
                break;
            case Field.StreamOptions:
                // OpenAI refuses the options of a stream without a stream.
                output.Write("null"u8);
                break;
            case Field.MaxTokens:
                Utf8Formatter.TryFormat(maxTokens!.Value, output.GetSpan(20), out var written);
                output.Advance(written);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(field), field, "Not a field that has a value.");
        }
    }

    internal static void WriteStreamOptions(ReadOnlySpan<byte> old, IBufferWriter<byte> output)
    {
        output.Write("{\"include_usage\":true"u8);
        var reader = new Utf8JsonReader(old);
        if (!old.IsEmpty && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var start = (int)reader.TokenStartIndex;
                var ours = JsonText.NameIs("include_usage"u8, ref reader);
                reader.Read();
                reader.Skip();
                if (!ours)
                {
                    output.Write(","u8);
                    output.Write(old[start..(int)reader.BytesConsumed]);
                }
            }
        }

        output.Write("}"u8);
    }

    private static int Start(Range? place) => place?.Start.Value ?? int.MaxValue;

    private enum Field
    {
        Model,
        Stream,
        StreamOptions,
        MaxTokens,
    }

    private ref struct Edits(IBufferWriter<byte> output, ReadOnlySpan<byte> body, int position)
    {
        private readonly ReadOnlySpan<byte> _body = body;
        private int _position = position;

        public void CopyUntil(int end)
        {
            output.Write(_body[_position..end]);
            _position = end;
        }

        public void Continue(int position) => _position = position;
    }
}
