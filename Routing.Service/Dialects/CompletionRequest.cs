using System.Buffers;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// A client's legacy completion (platform.openai.com/docs/api-reference/completions/create). A model of that kind gets it as it is; any other
/// gets the prompt as one user message:
/// <code>
/// {"model":"m","prompt":"Once upon","max_tokens":16}
/// {"model":"m","max_tokens":16,"messages":[{"role":"user","content":"Once upon"}]}
/// </code>
/// </summary>
internal sealed class CompletionRequest : PromptRequest
{
    private const int BytesPerHeldToken = 2;
    private const int BytesPerEstimatedToken = 4;
    private const int TokensPerPrompt = 8;
    private const int MostAnswers = 2048;
    private const string TextOrTokens = "a string, an array of strings, or arrays of token numbers";

    private readonly ChatRequest _chat;

    private CompletionRequest(ReadOnlyMemory<byte> body, ChatRequest chat, in Legacy legacy)
        : base(body)
    {
        _chat = chat;
        Unchattable = legacy.Unchattable;
        MaxOutputTokens = chat.MaxOutputTokens;
        Choices = chat.Choices * legacy.Prompts;
        PromptBytes = legacy.PromptBytes;
        PromptBound = ((body.Length - legacy.Uncounted + BytesPerHeldToken - 1) / BytesPerHeldToken) + ((long)legacy.Prompts * TokensPerPrompt);
    }

    public override long PromptBound { get; }

    /// <summary>What of the request no chat can do; null when it can be one.</summary>
    public FieldException? Unchattable { get; }

    public override ChatRequest Chat => Unchattable is null ? _chat : throw new InvalidOperationException("This completion has no chat form.");

    /// <summary>Null when the body cannot be used; then the problem says why, and param at which field.</summary>
    public static CompletionRequest? Read(ReadOnlyMemory<byte> body, out string problem, out string param)
    {
        (problem, param) = ("The body must be a JSON object.", "");
        try
        {
            var legacy = new Legacy();
            var reader = new Utf8JsonReader(body.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            var chat = ChatRequest.Read(legacy.ToChat(ref reader, body), out problem, out param);
            return chat is null ? null : new CompletionRequest(body, chat, legacy.Checked(chat.Choices));
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

    /// <summary>The members that a chat does not have.</summary>
    private struct Legacy
    {
        private long _bestOf;
        private bool _hasPrompt;
        private Range? _text;

        public FieldException? Unchattable { get; private set; }

        public int Prompts { get; private set; }

        public long PromptBytes { get; private set; }

        /// <summary>Bytes of escapes.</summary>
        public long Uncounted { get; private set; }

        /// <summary>The body's other members, as they are, and the prompt as a message.</summary>
        /// <param name="reader">At the body's start.</param>
        /// <param name="body">What it reads.</param>
        public ReadOnlyMemory<byte> ToChat(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
        {
            var chat = new ArrayBufferWriter<byte>(body.Length + 64);
            chat.Write("{"u8);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var start = (int)reader.TokenStartIndex;
                if (!Take(ref reader))
                {
                    reader.Read();
                    reader.Skip();
                    chat.Write(body.Span[start..(int)reader.BytesConsumed]);
                    chat.Write(","u8);
                }
            }

            // Throws on anything but blanks after the object.
            reader.Read();
            if (!_hasPrompt)
            {
                throw new FieldException("prompt", TextOrTokens);
            }

            chat.Write("\"messages\":[{\"role\":\"user\",\"content\":"u8);
            chat.Write(_text is { } range ? body.Span[range] : "\"\""u8);
            chat.Write("}]}"u8);
            return chat.WrittenMemory;
        }

        /// <param name="choices">"n". More answers than are given would be made and billed.</param>
        public readonly Legacy Checked(int choices) =>
            _bestOf > choices ? throw new FieldException("best_of", "left out, or at most n")
            : (long)choices * Prompts > MostAnswers ? throw new FieldException("prompt", $"fewer: with n they ask for more than {MostAnswers} answers")
            : this;

        private bool Take(ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("prompt"u8))
            {
                reader.Read();
                _hasPrompt = _hasPrompt ? throw new FieldException("prompt", "given only once") : true;
                ReadPrompt(ref reader);
                return true;
            }

            if (reader.ValueTextEquals("best_of"u8))
            {
                reader.Read();
                _bestOf = reader.TokenType switch
                {
                    JsonTokenType.Null => _bestOf,
                    JsonTokenType.Number when reader.TryGetInt64(out var count) => Math.Max(_bestOf, count),
                    _ => throw new FieldException("best_of", "a whole number"),
                };
                return true;
            }

            return Asks(ref reader, "echo"u8, "echo") || Asks(ref reader, "suffix"u8, "suffix") || Asks(ref reader, "logprobs"u8, "logprobs");
        }

        private bool Asks(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, string field)
        {
            if (!reader.ValueTextEquals(name))
            {
                return false;
            }

            reader.Read();
            Unchattable = reader.TokenType is JsonTokenType.Null or JsonTokenType.False ? Unchattable : new FieldException(field, null);
            reader.Skip();
            return true;
        }

        private void ReadPrompt(ref Utf8JsonReader reader)
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
                texts += reader.TokenType == JsonTokenType.String ? 1 : 0;
                tokens += reader.TokenType == JsonTokenType.Number ? 1 : 0;
                lists += reader.TokenType == JsonTokenType.StartArray ? 1 : 0;
                if (reader.TokenType == JsonTokenType.String)
                {
                    Text(ref reader);
                }
                else if (reader.TokenType == JsonTokenType.StartArray)
                {
                    tokens += Tokens(ref reader);
                }
                else if (reader.TokenType != JsonTokenType.Number)
                {
                    throw new FieldException("prompt", TextOrTokens);
                }
            }

            if (!isArray || (texts > 0 && tokens > 0) || texts + tokens == 0)
            {
                throw new FieldException("prompt", TextOrTokens);
            }

            Prompts = Math.Max(1, texts + lists);
            PromptBytes += (long)tokens * BytesPerEstimatedToken;
            Unchattable = texts == 1 ? Unchattable : new FieldException("prompt", "one text for a model that chats");
        }

        private static int Tokens(ref Utf8JsonReader reader)
        {
            var count = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                count += reader.TokenType == JsonTokenType.Number ? 1 : throw new FieldException("prompt", TextOrTokens);
            }

            return count;
        }

        private void Text(ref Utf8JsonReader reader)
        {
            var length = reader.ValueIsEscaped ? JsonText.Utf8Length(reader.ValueSpan) : reader.ValueSpan.Length;
            Uncounted += reader.ValueSpan.Length - length;
            PromptBytes += length;
            Prompts = 1;
            _text = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
        }
    }
}
