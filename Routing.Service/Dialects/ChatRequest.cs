using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A client's chat request: its bytes, the places in them that a provider call may change, and the figures that a hold needs. Read in one
/// pass over the bytes; nothing is turned into objects, so that every field the gateway does not know stays as the client wrote it.
/// </summary>
internal sealed class ChatRequest : PromptRequest
{
    /// <summary>Most tokens of one image at any provider, by design.</summary>
    private const int TokensPerImage = 1600;

    private const int BytesPerHeldToken = 2;

    /// <summary>What a chat template puts around each message.</summary>
    private const int TokensPerMessage = 8;

    private static readonly Lookalikes Lookalikes = new(
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n", "tools", "functions");

    private int _messages;
    private long _uncounted;
    private long _clientBound;

    private ChatRequest(ReadOnlyMemory<byte> body)
        : base(body)
    {
    }

    /// <summary>The value of "model"; null when absent.</summary>
    public Range? Model { get; private set; }

    /// <summary>The value of "messages"; null when absent.</summary>
    public Range? Messages { get; private set; }

    public Range? Stream { get; private set; }

    public Range? StreamOptions { get; private set; }

    public Range? MaxTokens { get; private set; }

    public Range? MaxCompletionTokens { get; private set; }

    /// <summary>Images, and other parts that are no text.</summary>
    public int Images { get; private set; }

    /// <summary>Prompt tokens that are no text.</summary>
    public override long ImageTokens => (long)Images * TokensPerImage;

    /// <summary>
    /// Any member may reach the model (response_format, prediction, ones that are not
    /// known yet), so that the whole body counts. Files and recordings count as they stand there; only an image's data has a bound of its own.
    /// </summary>
    public override long PromptBound => Math.Max(Bound(Body.Length - _uncounted, _messages, Images), _clientBound);

    /// <summary>
    /// The client's own request, of which this is the chat form: it may go to a provider as it is, with what the chat form left out, so that the
    /// bound is one of both.
    /// </summary>
    /// <param name="bytes">UTF-8 bytes of the client's body without its images' data.</param>
    /// <param name="messages">In it.</param>
    /// <param name="images">In it.</param>
    /// <param name="extra">Tokens that a provider adds to it.</param>
    public void AddToBound(long bytes, int messages, int images, int extra) => _clientBound = Bound(bytes, messages, images) + extra;

    public override ChatRequest Chat => this;

    /// <summary>Null when the body cannot be used; then the problem says why, and param at which field.</summary>
    public static ChatRequest? Read(ReadOnlyMemory<byte> body, out string problem, out string param)
    {
        var request = new ChatRequest(body);
        (problem, param) = ("", "");
        try
        {
            var reader = new Utf8JsonReader(body.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                problem = "The body must be a JSON object.";
                return null;
            }

            var seen = Members.None;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var (member, name) = MemberOf(ref reader);
                if (member != Members.None && seen.HasFlag(member))
                {
                    // The gateway reads one of the two, a provider perhaps the other: a bound must not depend on which.
                    (problem, param) = ($"{name} is given twice.", name);
                    return null;
                }

                if (member == Members.None && Lookalikes.Find(ref reader, out var written) is { } known)
                {
                    (problem, param) = ($"{written} must be written {known}.", written);
                    return null;
                }

                seen |= member;
                reader.Read();
                if (!request.Take(member, ref reader))
                {
                    (problem, param) = ($"{name} must be a whole number of at least 1.", name);
                    return null;
                }
            }

            reader.Read();
            return request;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = "The body is not valid JSON.";
            return null;
        }
    }

    /// <summary>The same request with the beginning of its answer at the end, for a model to go on from.</summary>
    public ChatRequest WithPrefill(string text)
    {
        var end = Messages!.Value.End.Value - 1;
        byte[] message = [.. ",{\"role\":\"assistant\",\"content\":\""u8, .. JsonEncodedText.Encode(text).EncodedUtf8Bytes, .. "\"}"u8];
        return Read(new ReadOnlyMemory<byte>([.. Body.Span[..end], .. message, .. Body.Span[end..]]), out _, out _)!;
    }

    private bool Take(Members member, ref Utf8JsonReader reader)
    {
        switch (member)
        {
            case Members.Model:
                Model = Value(ref reader);
                return true;
            case Members.Stream:
                Stream = Value(ref reader);
                return true;
            case Members.StreamOptions:
                StreamOptions = Value(ref reader);
                return true;
            case Members.MaxTokens:
                MaxTokens = Number(ref reader, out var tokens);
                return Bound(tokens);
            case Members.MaxCompletionTokens:
                MaxCompletionTokens = Number(ref reader, out var completion);
                return Bound(completion);
            case Members.Choices:
                _ = Number(ref reader, out var choices);
                Choices = choices is >= 1 and <= 1000 ? (int)choices : 1;
                return choices is null or (>= 1 and <= 1000);
            case Members.Messages:
                var start = (int)reader.TokenStartIndex;
                ReadMessages(ref reader);
                Messages = start..(int)reader.BytesConsumed;
                return true;
            case Members.Tools or Members.Functions:
                var value = Value(ref reader);
                PromptBytes += value.End.Value - value.Start.Value;
                return true;
            default:
                reader.Skip();
                return true;
        }
    }

    private static long Bound(long bytes, int messages, int images) =>
        ((bytes + BytesPerHeldToken - 1) / BytesPerHeldToken) + ((long)messages * TokensPerMessage) + ((long)images * TokensPerImage);

    private bool Bound(long? tokens)
    {
        MaxOutputTokens = tokens is null ? MaxOutputTokens : Math.Max(tokens.Value, MaxOutputTokens ?? 0);
        return tokens is null or (>= 1 and <= 1_000_000_000);
    }

    private static Range Value(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    // Null means unset; anything else that is no whole number reads as -1, which no bound accepts.
    private static Range Number(ref Utf8JsonReader reader, out long? value)
    {
        value = reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.Number when reader.TryGetInt64(out var number) => number,
            _ => -1,
        };
        return Value(ref reader);
    }

    /// <summary>Counts the messages, every text in them wherever it stands (content, parts, tool calls, reasoning sent back), and what is no text.</summary>
    private void ReadMessages(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return;
        }

        var (counts, image) = (true, false);
        var imageDepth = int.MaxValue;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    // {"image_url":{"detail":"low","url":"data:image\/png;base64,…"}}, or the address itself as image_url's value.
                    var isImage = reader.ValueTextEquals("image_url"u8);
                    imageDepth = isImage ? reader.CurrentDepth : reader.CurrentDepth > imageDepth ? imageDepth : int.MaxValue;
                    image = isImage || (reader.CurrentDepth > imageDepth && reader.ValueTextEquals("url"u8));
                    counts = Counts(ref reader);
                    break;
                case JsonTokenType.String when image && reader.ValueSpan.StartsWith("data:image"u8):
                    _uncounted += reader.ValueSpan.Length;
                    break;
                case JsonTokenType.String:
                    ReadText(ref reader, counts);
                    break;
                case JsonTokenType.StartObject when reader.CurrentDepth == depth + 1:
                    _messages++;
                    break;
            }
        }
    }

    private void ReadText(ref Utf8JsonReader reader, bool counts)
    {
        var length = reader.ValueIsEscaped ? JsonText.Utf8Length(reader.ValueSpan) : reader.ValueSpan.Length;
        _uncounted += reader.ValueSpan.Length - length;
        PromptBytes += counts ? length : 0;
    }

    private bool Counts(ref Utf8JsonReader reader)
    {
        // {"type":"image_url","image_url":{"url":"data:image/png;base64,…","detail":"low"}}: the data is an image, not text.
        if (reader.ValueTextEquals("image_url"u8) || reader.ValueTextEquals("input_audio"u8) || reader.ValueTextEquals("file"u8))
        {
            Images++;
            return false;
        }

        return !(reader.ValueTextEquals("role"u8) || reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("id"u8)
            || reader.ValueTextEquals("tool_call_id"u8) || reader.ValueTextEquals("url"u8) || reader.ValueTextEquals("data"u8)
            || reader.ValueTextEquals("file_data"u8) || reader.ValueTextEquals("detail"u8) || reader.ValueTextEquals("format"u8));
    }

    private static (Members Member, string Name) MemberOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("model"u8) ? (Members.Model, "model")
        : reader.ValueTextEquals("messages"u8) ? (Members.Messages, "messages")
        : reader.ValueTextEquals("stream"u8) ? (Members.Stream, "stream")
        : reader.ValueTextEquals("stream_options"u8) ? (Members.StreamOptions, "stream_options")
        : reader.ValueTextEquals("max_tokens"u8) ? (Members.MaxTokens, "max_tokens")
        : reader.ValueTextEquals("max_completion_tokens"u8) ? (Members.MaxCompletionTokens, "max_completion_tokens")
        : reader.ValueTextEquals("n"u8) ? (Members.Choices, "n")
        : reader.ValueTextEquals("tools"u8) ? (Members.Tools, "tools")
        : reader.ValueTextEquals("functions"u8) ? (Members.Functions, "functions")
        : (Members.None, "");

    [Flags]
    private enum Members
    {
        None = 0,
        Model = 1,
        Messages = 2,
        Stream = 4,
        StreamOptions = 8,
        MaxTokens = 16,
        MaxCompletionTokens = 32,
        Choices = 64,
        Tools = 128,
        Functions = 256,
    }
}
