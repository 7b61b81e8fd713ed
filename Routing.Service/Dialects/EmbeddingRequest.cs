using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A client's request for embeddings (platform.openai.com/docs/api-reference/embeddings), whose bytes go on as they are where the provider
/// speaks OpenAI's wire:
/// <code>
/// {"model":"m","input":"text" or ["text",…] or [1,2,…] or [[1,2],…],"encoding_format":"float","dimensions":256}
/// </code>
/// </summary>
internal sealed class EmbeddingRequest : PromptRequest
{
    private const int BytesPerHeldToken = 2;
    private const int BytesPerEstimatedToken = 4;

    /// <summary>What a model puts around each input.</summary>
    private const int TokensPerInput = 8;

    private const string Inputs = "a string, an array of strings, or arrays of token numbers";

    private static readonly Lookalikes Lookalikes = new("model", "input", "encoding_format", "dimensions");

    private Range _input;
    private long _uncounted;

    private EmbeddingRequest(ReadOnlyMemory<byte> body)
        : base(body) => MaxOutputTokens = 0;

    public int Count { get; private set; }

    /// <summary>The input is numbers of tokens, which mean something to one model only.</summary>
    public bool IsTokens { get; private set; }

    /// <summary>Vectors as base64 of little-endian 32-bit floats; otherwise as arrays of numbers.</summary>
    public bool IsBase64 { get; private set; }

    /// <summary>Of each vector; null leaves it to the model.</summary>
    public long? Dimensions { get; private set; }

    /// <summary>The whole body, as with a chat; a token number takes two bytes at least.</summary>
    public override long PromptBound => ((Body.Length - _uncounted + BytesPerHeldToken - 1) / BytesPerHeldToken) + ((long)Count * TokensPerInput);

    public override ChatRequest Chat => throw new InvalidOperationException("Embeddings have no chat form.");

    /// <summary>Null when the body cannot be used; then the problem says why, and param at which field.</summary>
    public static EmbeddingRequest? Read(ReadOnlyMemory<byte> body, out string problem, out string param)
    {
        var request = new EmbeddingRequest(body);
        (problem, param) = ("The body must be a JSON object.", "");
        try
        {
            var reader = new Utf8JsonReader(body.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            request.Read(ref reader);
            return request.Count > 0 ? request : throw new FieldException("input", Inputs);
        }
        catch (FieldException e)
        {
            (problem, param) = ($"'{e.Field}' must be {e.Must}.", e.Field);
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = "The body is not valid JSON.";
            return null;
        }
    }

    /// <summary>The input as text, for providers that take nothing else.</summary>
    /// <exception cref="FieldException">It has half of a surrogate pair.</exception>
    public IReadOnlyList<string> Texts()
    {
        try
        {
            var reader = new Utf8JsonReader(Body.Span[_input]);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray().Select(text => text.GetString()!)] : [root.GetString()!];
        }
        catch (InvalidOperationException)
        {
            throw new FieldException("input", "text");
        }
    }

    private void Read(ref Utf8JsonReader reader)
    {
        var seen = new HashSet<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueTextEquals("model"u8) ? "model"
                : reader.ValueTextEquals("input"u8) ? "input"
                : reader.ValueTextEquals("encoding_format"u8) ? "encoding_format"
                : reader.ValueTextEquals("dimensions"u8) ? "dimensions"
                : null;
            if (name is null && Lookalikes.Find(ref reader, out var written) is { } known)
            {
                throw new FieldException(written, $"written {known}");
            }

            if (name is not null && !seen.Add(name))
            {
                throw new FieldException(name, "given only once");
            }

            reader.Read();
            Take(name, ref reader);
        }

        // Throws on anything but blanks after the object.
        reader.Read();
    }

    private void Take(string? name, ref Utf8JsonReader reader)
    {
        switch (name)
        {
            case "input":
                var start = (int)reader.TokenStartIndex;
                ReadInput(ref reader);
                _input = start..(int)reader.BytesConsumed;
                break;
            case "encoding_format" when reader.TokenType != JsonTokenType.Null:
                IsBase64 = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("base64"u8);
                if (!IsBase64 && (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals("float"u8)))
                {
                    throw new FieldException("encoding_format", "float or base64");
                }

                break;
            case "dimensions" when reader.TokenType != JsonTokenType.Null:
                Dimensions = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var dimensions) && dimensions >= 1
                    ? dimensions
                    : throw new FieldException("dimensions", "a whole number of at least 1");
                break;
            default:
                reader.Skip();
                break;
        }
    }

    private void ReadInput(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Text(ref reader);
            return;
        }

        var (texts, tokens, lists) = (0, 0, 0);
        var isArray = reader.TokenType == JsonTokenType.StartArray;
        while (isArray && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    Text(ref reader);
                    texts++;
                    break;
                case JsonTokenType.Number:
                    tokens++;
                    break;
                case JsonTokenType.StartArray:
                    ReadTokens(ref reader);
                    lists++;
                    break;
                default:
                    throw new FieldException("input", Inputs);
            }
        }

        if (!isArray || (texts > 0 ? 1 : 0) + (tokens > 0 ? 1 : 0) + (lists > 0 ? 1 : 0) != 1)
        {
            throw new FieldException("input", Inputs);
        }

        IsTokens = texts == 0;
        Count = tokens > 0 ? 1 : texts + lists;
        PromptBytes += (long)tokens * BytesPerEstimatedToken;
    }

    private void ReadTokens(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            PromptBytes += reader.TokenType == JsonTokenType.Number ? BytesPerEstimatedToken : throw new FieldException("input", Inputs);
        }
    }

    private void Text(ref Utf8JsonReader reader)
    {
        var length = reader.ValueIsEscaped ? JsonText.Utf8Length(reader.ValueSpan) : reader.ValueSpan.Length;
        _uncounted += reader.ValueSpan.Length - length;
        PromptBytes += length;
        Count = 1;
    }
}
