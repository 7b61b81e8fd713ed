using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects;

/// <summary>
/// How translators read a request. What a client wrote goes on as it is written, strings too: the parser has seen that it is one JSON
/// value, so that it cannot be more than that anywhere else. <see cref="JsonText.FindBroken"/> must have found nothing.
/// </summary>
internal static class JsonMembers
{
    /// <summary>Null when absent, null, or the element is no object. Of two with one name the last, as everywhere.</summary>
    public static JsonElement? Member(this JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The element is this string.</summary>
    public static bool Is(this JsonElement element, ReadOnlySpan<byte> text) => element.ValueKind == JsonValueKind.String && element.ValueEquals(text);

    public static bool Is(this JsonElement? element, ReadOnlySpan<byte> text) => element is { } value && value.Is(text);

    public static bool IsString(this JsonElement element) => element.ValueKind == JsonValueKind.String;

    public static bool IsObject(this JsonElement element) => element.ValueKind == JsonValueKind.Object;

    public static bool IsArray(this JsonElement element) => element.ValueKind == JsonValueKind.Array;

    /// <summary>A string without anything to see: Anthropic and Gemini refuse a text of blanks.</summary>
    public static bool IsBlank(this JsonElement element)
    {
        var text = JsonMarshal.GetRawUtf8Value(element)[1..^1].TrimStart((byte)' ');
        return text.IsEmpty || ((text[0] == (byte)'\\' || text[0] >= 0x80) && string.IsNullOrWhiteSpace(element.GetString()));
    }

    /// <summary>A string's text. Copied only where it has escapes.</summary>
    public static ReadOnlySpan<byte> Text(this JsonElement element)
    {
        var text = JsonMarshal.GetRawUtf8Value(element)[1..^1];
        return text.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(element.GetString()!) : text;
    }

    /// <summary>Writes a member with the client's own bytes as its value.</summary>
    public static void WriteAsIs(this Utf8JsonWriter json, ReadOnlySpan<byte> name, JsonElement value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }
}
