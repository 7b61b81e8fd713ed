using System.Text.Json;
using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Values that requests of several kinds have. Each is read with the reader at it; null counts as left out.</summary>
internal static class RequestField
{
    private const int MaxModelLength = 256;

    public static ApiError? Model(ref Utf8JsonReader json, out string model)
    {
        model = "";
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType != JsonTokenType.String)
        {
            return ApiErrors.Invalid("model", "a string");
        }

        model = json.GetString()!;
        return model.Length > MaxModelLength || model.AsSpan().ContainsAnyInRange('\0', '\u001f')
            ? ApiErrors.Invalid("model", $"at most {MaxModelLength} characters, none of them a control character")
            : null;
    }

    public static ApiError? Boolean(ref Utf8JsonReader json, string name, out bool value)
    {
        value = json.TokenType == JsonTokenType.True;
        return json.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : ApiErrors.Invalid(name, "a boolean");
    }

    public static ApiError? Tokens(ref Utf8JsonReader json, string name, out long? value)
    {
        value = null;
        if (json.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var tokens) || tokens < 1)
        {
            return ApiErrors.Invalid(name, "a whole number of at least 1");
        }

        value = tokens;
        return null;
    }
}
