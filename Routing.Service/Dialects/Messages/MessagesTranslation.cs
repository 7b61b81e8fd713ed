using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>The state of one translation from Messages to chat: where it writes, where it stands, and what it found on the way.</summary>
internal sealed class MessagesTranslation(Utf8JsonWriter json)
{
    public Utf8JsonWriter Json => json;

    public FieldPath Path { get; } = new();

    /// <summary>The first fault; null without one. What is written after it is of no use.</summary>
    public (string Problem, string Param)? Fault { get; private set; }

    /// <summary>The first field without a counterpart in the chat form; null without one.</summary>
    public string? NativeOnly { get; private set; }

    /// <summary>Messages of the client's.</summary>
    public int Messages { get; set; }

    public int Images { get; set; }

    /// <summary>Bytes of the images' data.</summary>
    public long ImageBytes { get; set; }

    public bool HasTools { get; set; }

    public void Invalid(string? member, string must)
    {
        var param = Path.Of(member);
        Fault ??= ($"'{param}' must be {must}.", param);
    }

    public void Missing(string member)
    {
        var param = Path.Of(member);
        Fault ??= ($"'{param}' is required.", param);
    }

    public void OnlyNative(string? member) => NativeOnly ??= Path.Of(member);

    /// <summary>A member of the wanted kind. Null counts as left out, and what is of another kind is a fault.</summary>
    public bool Has(JsonElement parent, string member, JsonValueKind kind, out JsonElement value)
    {
        if (!parent.TryGetProperty(member, out value) || value.ValueKind is JsonValueKind.Null)
        {
            return false;
        }

        if (value.ValueKind == kind)
        {
            return true;
        }

        Invalid(member, kind switch
        {
            JsonValueKind.String => "a string",
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ => "a number",
        });
        return false;
    }

    /// <summary>The same of a member that must be there.</summary>
    public bool Needs(JsonElement parent, string member, JsonValueKind kind, out JsonElement value)
    {
        if (Has(parent, member, kind, out value))
        {
            return true;
        }

        Missing(member);
        return false;
    }

    /// <summary>Copies a value as it is written there.</summary>
    public void Copy(ReadOnlySpan<byte> name, JsonElement value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    public void CopyIfThere(ReadOnlySpan<byte> name, JsonElement parent, string member, JsonValueKind kind)
    {
        if (Has(parent, member, kind, out var value))
        {
            Copy(name, value);
        }
    }

    /// <summary>What stands between a string's quotes, escapes and all.</summary>
    public static ReadOnlySpan<byte> Inner(JsonElement text) => JsonMarshal.GetRawUtf8Value(text)[1..^1];

    public static bool IsTrue(JsonElement parent, string member) => parent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.True;
}
