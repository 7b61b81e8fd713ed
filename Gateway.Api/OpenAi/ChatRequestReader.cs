using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>One pass over a chat completion's body, without a document in memory: the fields below are read, the rest is skipped.</summary>
/// <remarks>
/// A field that is read may stand once only: of two, the provider could follow the one that was not checked.
/// An explicit null counts as left out, as it does at OpenAI.
/// </remarks>
internal ref struct ChatRequestReader(ReadOnlySpan<byte> body) : IRequestReader
{
    private Utf8JsonReader _json = new(body, new JsonReaderOptions { MaxDepth = ChatRequest.MaxDepth });
    private Field _seen;
    private string _model = "";
    private bool _stream;
    private bool _hasMessages;
    private bool _includeUsage;
    private long? _maxTokens;
    private long? _maxCompletionTokens;

    [Flags]
    private enum Field
    {
        None = 0,
        Model = 1,
        Messages = 2,
        Stream = 4,
        StreamOptions = 8,
        MaxTokens = 16,
        MaxCompletionTokens = 32,
        IncludeUsage = 64,
    }

    /// <summary>The byte at which the current value begins.</summary>
    public readonly long Position => _json.TokenStartIndex;

    /// <summary>After a read without error.</summary>
    public ChatRequest Request { get; private set; }

    public ApiError? Read()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
        {
            return ApiErrors.InvalidJson("is not a JSON object", 1, 1);
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (ReadField() is { } error)
            {
                return error;
            }
        }

        // Throws on anything but white space after the object.
        _json.Read();

        if (!_hasMessages)
        {
            return ApiErrors.Missing("messages");
        }

        if (_maxTokens is not null && _maxCompletionTokens is not null)
        {
            return ApiErrors.Invalid("max_tokens", "left out when 'max_completion_tokens' is given");
        }

        Request = new(_model, _stream, _maxCompletionTokens ?? _maxTokens, _includeUsage);
        return null;
    }

    private ApiError? ReadField()
    {
        if (_json.ValueTextEquals("messages"u8))
        {
            return Once(Field.Messages, "messages") ?? ReadMessages();
        }

        if (_json.ValueTextEquals("model"u8))
        {
            return Once(Field.Model, "model") ?? RequestField.Model(ref _json, out _model);
        }

        if (_json.ValueTextEquals("stream"u8))
        {
            return Once(Field.Stream, "stream") ?? RequestField.Boolean(ref _json, "stream", out _stream);
        }

        if (_json.ValueTextEquals("stream_options"u8))
        {
            return Once(Field.StreamOptions, "stream_options") ?? ReadStreamOptions();
        }

        if (_json.ValueTextEquals("max_tokens"u8))
        {
            return Once(Field.MaxTokens, "max_tokens") ?? RequestField.Tokens(ref _json, "max_tokens", out _maxTokens);
        }

        if (_json.ValueTextEquals("max_completion_tokens"u8))
        {
            return Once(Field.MaxCompletionTokens, "max_completion_tokens") ?? RequestField.Tokens(ref _json, "max_completion_tokens", out _maxCompletionTokens);
        }

        _json.Read();
        _json.Skip();
        return null;
    }

    // Steps on to the value.
    private ApiError? Once(Field field, string name)
    {
        if ((_seen & field) != Field.None)
        {
            return ApiErrors.Invalid(name, "given only once");
        }

        _seen |= field;
        _json.Read();
        return null;
    }

    //   "stream_options": { "include_usage": true }
    private ApiError? ReadStreamOptions()
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return ApiErrors.Invalid("stream_options", "an object");
        }

        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!_json.ValueTextEquals("include_usage"u8))
            {
                _json.Read();
                _json.Skip();
            }
            else if ((Once(Field.IncludeUsage, "stream_options.include_usage")
                ?? RequestField.Boolean(ref _json, "stream_options.include_usage", out _includeUsage)) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    //   "messages": [{ "role": "user", "content": … }, …]
    private ApiError? ReadMessages()
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (_json.TokenType != JsonTokenType.StartArray)
        {
            return ApiErrors.Invalid("messages", "an array");
        }

        for (var index = 0; _json.Read() && _json.TokenType != JsonTokenType.EndArray; index++)
        {
            if (ReadMessage(index) is { } error)
            {
                return error;
            }

            _hasMessages = true;
        }

        return _hasMessages ? null : ApiErrors.Invalid("messages", "an array of at least one message");
    }

    private ApiError? ReadMessage(int index)
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return ApiErrors.Invalid($"messages[{index}]", "an object");
        }

        var hasRole = false;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var isRole = _json.ValueTextEquals("role"u8);
            _json.Read();
            if (isRole && _json.TokenType != JsonTokenType.String)
            {
                return ApiErrors.Invalid($"messages[{index}].role", "a string");
            }

            hasRole |= isRole;
            _json.Skip();
        }

        return hasRole ? null : ApiErrors.Missing($"messages[{index}].role");
    }
}
