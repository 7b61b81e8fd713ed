using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>One pass over a body of OpenAI's API, without a document in memory: the fields below are read, the rest is skipped.</summary>
/// <remarks>
/// A field that is read may stand once only: of two, the provider could follow the one that was not checked.
/// An explicit null counts as left out, as it does at OpenAI.
/// </remarks>
internal ref struct ChatRequestReader(ReadOnlySpan<byte> body, PromptField prompt) : IRequestReader
{
    private Utf8JsonReader _json = new(body, new JsonReaderOptions { MaxDepth = ChatRequest.MaxDepth });
    private Field _seen;
    private string _model = "";
    private bool _stream;
    private bool _hasPrompt;
    private bool _includeUsage;
    private long? _maxTokens;
    private long? _maxCompletionTokens;

    [Flags]
    private enum Field
    {
        None = 0,
        Model = 1,
        Prompt = 2,
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

        if (!_hasPrompt)
        {
            return ApiErrors.Missing(prompt.Name);
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
        if (_json.ValueTextEquals(prompt.Name))
        {
            return Once(Field.Prompt, prompt.Name) ?? (prompt == PromptField.Messages ? ReadMessages() : ReadTexts());
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

            _hasPrompt = true;
        }

        return _hasPrompt ? null : ApiErrors.Invalid("messages", "an array of at least one message");
    }

    //   "prompt": "text"    "input": ["text", …]    [1, 2, …]    [[1, 2], …]
    private ApiError? ReadTexts()
    {
        if (_json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        _hasPrompt = true;
        if (_json.TokenType == JsonTokenType.String)
        {
            return null;
        }

        var kind = JsonTokenType.None;
        var fits = _json.TokenType == JsonTokenType.StartArray;
        while (fits && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            fits = _json.TokenType is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.StartArray
                && (kind is JsonTokenType.None || kind == _json.TokenType);
            kind = _json.TokenType;
            while (fits && kind == JsonTokenType.StartArray && _json.Read() && _json.TokenType != JsonTokenType.EndArray)
            {
                fits = _json.TokenType == JsonTokenType.Number;
            }
        }

        return fits && kind != JsonTokenType.None
            ? null
            : ApiErrors.Invalid(prompt.Name, "a string, an array of strings, an array of token numbers, or an array of such arrays");
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
