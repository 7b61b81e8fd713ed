using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>What the gateway itself needs to know of a Responses body. Routing reads the rest.</summary>
/// <param name="Model">As the client wrote it; empty when left out.</param>
/// <param name="Stream">The client wants server-sent events.</param>
/// <param name="MaxOutputTokens"><c>max_output_tokens</c>.</param>
internal readonly record struct ResponsesRequest(string Model, bool Stream, long? MaxOutputTokens)
{
    /// <summary>Less than that of chat, because the chat form of a body is deeper than the body.</summary>
    public const int MaxDepth = 60;

    /// <summary>Returns the body's first fault, or null and the request.</summary>
    public static ApiError? Read(ReadOnlySpan<byte> body, out ResponsesRequest request)
    {
        var reader = new ResponsesRequestReader(body);
        var error = RequestText.Read(body, ref reader);
        request = reader.Request;
        return error;
    }
}

/// <summary>One pass over a Responses body, as <see cref="ChatRequestReader"/> does it for chat.</summary>
internal ref struct ResponsesRequestReader(ReadOnlySpan<byte> body) : IRequestReader
{
    private Utf8JsonReader _json = new(body, new JsonReaderOptions { MaxDepth = ResponsesRequest.MaxDepth });
    private Field _seen;
    private string _model = "";
    private bool _stream;
    private bool _hasInput;
    private long? _maxOutputTokens;

    [Flags]
    private enum Field
    {
        None = 0,
        Model = 1,
        Input = 2,
        Stream = 4,
        MaxOutputTokens = 8,
    }

    public readonly long Position => _json.TokenStartIndex;

    /// <summary>After a read without error.</summary>
    public ResponsesRequest Request { get; private set; }

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
        Request = new(_model, _stream, _maxOutputTokens);
        return _hasInput ? null : ApiErrors.Missing("input");
    }

    private ApiError? ReadField()
    {
        if (_json.ValueTextEquals("input"u8))
        {
            return Once(Field.Input, "input") ?? ReadInput();
        }

        if (_json.ValueTextEquals("model"u8))
        {
            return Once(Field.Model, "model") ?? RequestField.Model(ref _json, out _model);
        }

        if (_json.ValueTextEquals("stream"u8))
        {
            return Once(Field.Stream, "stream") ?? RequestField.Boolean(ref _json, "stream", out _stream);
        }

        if (_json.ValueTextEquals("max_output_tokens"u8))
        {
            return Once(Field.MaxOutputTokens, "max_output_tokens") ?? RequestField.Tokens(ref _json, "max_output_tokens", out _maxOutputTokens);
        }

        _json.Read();
        _json.Skip();
        return null;
    }

    private ApiError? ReadInput()
    {
        _hasInput = _json.TokenType != JsonTokenType.Null;
        var isInput = _json.TokenType is JsonTokenType.Null or JsonTokenType.String or JsonTokenType.StartArray;
        _json.Skip();
        return isInput ? null : ApiErrors.Invalid("input", "a string or an array of items");
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
}
