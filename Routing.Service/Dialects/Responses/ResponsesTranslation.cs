using System.Runtime.InteropServices;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>The state of one translation from Responses to chat: where it writes, and what it found on the way.</summary>
internal sealed class ResponsesTranslation(Utf8JsonWriter json)
{
    public Utf8JsonWriter Json => json;

    /// <summary>The first fault; null without one. What is written after it is of no use.</summary>
    public (string Problem, string Param, string Code)? Fault { get; private set; }

    /// <summary>The first field without a counterpart in the chat form; null without one.</summary>
    public string? NativeOnly { get; private set; }

    /// <summary>Items of the client's.</summary>
    public int Items { get; set; }

    public int Images { get; set; }

    /// <summary>Bytes of the images' data.</summary>
    public long ImageBytes { get; set; }

    public void Invalid(string param, string must) => Fault ??= ($"'{param}' must be {must}.", param, "");

    public void Missing(string param) => Fault ??= ($"'{param}' is required.", param, "");

    /// <summary>Right as written, and nothing that this gateway does.</summary>
    public void Refuse(string param, string why) => Fault ??= ($"'{param}' is not supported: {why}", param, "unsupported_parameter");

    public void OnlyNative(string param) => NativeOnly ??= param;

    /// <summary>A member of the wanted kind. Null counts as left out, and what is of another kind is a fault.</summary>
    public bool Has(JsonElement parent, string member, string at, JsonValueKind kind, out JsonElement value)
    {
        if (!parent.TryGetProperty(member, out value) || value.ValueKind is JsonValueKind.Null)
        {
            return false;
        }

        if (value.ValueKind == kind)
        {
            return true;
        }

        Invalid(Path(at, member), kind switch
        {
            JsonValueKind.String => "a string",
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ => "a number",
        });
        return false;
    }

    /// <summary>The same of a member that must be there.</summary>
    public bool Needs(JsonElement parent, string member, string at, JsonValueKind kind, out JsonElement value)
    {
        if (Has(parent, member, at, kind, out value))
        {
            return true;
        }

        Missing(Path(at, member));
        return false;
    }

    /// <summary>Whether a member says anything: it is there and not null.</summary>
    public static bool Says(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var value) && value.ValueKind is not JsonValueKind.Null;

    /// <summary>Copies a value as it is written there.</summary>
    public void Copy(ReadOnlySpan<byte> name, JsonElement value)
    {
        json.WritePropertyName(name);
        Copy(value);
    }

    public void Copy(JsonElement value) => json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);

    /// <summary>Copies a member that is there and not null, under its own name.</summary>
    public void CopyIfSaid(JsonElement parent, string member)
    {
        if (parent.TryGetProperty(member, out var value) && value.ValueKind is not JsonValueKind.Null)
        {
            json.WritePropertyName(member);
            Copy(value);
        }
    }

    private static string Path(string at, string member) => at.Length == 0 ? member : $"{at}.{member}";
}
