using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.Anthropic;

/// <summary>One pass over a Messages body, without a document in memory. A member that is read may stand once only; null counts as left out.</summary>
internal ref struct MessagesRequestReader(ReadOnlySpan<byte> body)
{
    private const int MaxModelLength = 256;

    private Utf8JsonReader _json = new(body, new JsonReaderOptions { MaxDepth = MessagesRequest.MaxDepth });
    private bool _hasMessages;
    private string? _model;
    private bool? _stream;
    private long? _maxTokens;

    /// <summary>The byte at which the current value begins.</summary>
    public readonly long Position => _json.TokenStartIndex;

    public ApiError? Read(out MessagesRequest request)
    {
        request = default;
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
        request = new(_model ?? "", _stream ?? false, _maxTokens);
        return _hasMessages ? null : ApiErrors.Missing("messages");
    }

    private ApiError? ReadField()
    {
        if (_json.ValueTextEquals("model"u8))
        {
            return ReadModel();
        }

        if (_json.ValueTextEquals("stream"u8))
        {
            return ReadStream();
        }

        if (_json.ValueTextEquals("max_tokens"u8))
        {
            return ReadMaximum();
        }

        var isMessages = _json.ValueTextEquals("messages"u8);
        _json.Read();
        if (isMessages && _hasMessages)
        {
            return Twice("messages");
        }

        if (isMessages && _json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.Null))
        {
            return ApiErrors.Invalid("messages", "an array");
        }

        _hasMessages |= isMessages && _json.TokenType == JsonTokenType.StartArray;
        _json.Skip();
        return null;
    }

    private ApiError? ReadModel()
    {
        _json.Read();
        if (_model is not null)
        {
            return Twice("model");
        }

        if (_json.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
        {
            return ApiErrors.Invalid("model", "a string");
        }

        _model = _json.GetString() ?? "";
        return _model.Length > MaxModelLength || _model.AsSpan().ContainsAnyInRange('\0', '\u001f')
            ? ApiErrors.Invalid("model", $"at most {MaxModelLength} characters, none of them a control character")
            : null;
    }

    private ApiError? ReadStream()
    {
        _json.Read();
        if (_stream is not null)
        {
            return Twice("stream");
        }

        _stream = _json.TokenType == JsonTokenType.True;
        return _json.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : ApiErrors.Invalid("stream", "a boolean");
    }

    private ApiError? ReadMaximum()
    {
        _json.Read();
        if (_maxTokens is not null)
        {
            return Twice("max_tokens");
        }

        if (_json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        // 0 writes the prompt to Anthropic's cache, and asks for no answer.
        if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var tokens) || tokens < 0)
        {
            return ApiErrors.Invalid("max_tokens", "a whole number of at least 0");
        }

        _maxTokens = tokens;
        return null;
    }

    private static ApiError Twice(string name) => ApiErrors.Invalid(name, "given only once");
}
