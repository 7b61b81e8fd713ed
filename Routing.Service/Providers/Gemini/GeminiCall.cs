using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// An assistant's tool call that is sent back:
/// <code>
/// {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"google":{"thought_signature":"…"}}}
/// </code>
/// The signature's place is that of Google's own OpenAI layer.
/// </summary>
internal sealed record GeminiCall(string Id, string Name, string Arguments, string? Signature, string Place)
{
    // As at the clients' request, arguments are objects, and one name stands for one value.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static GeminiCall Read(JsonElement call, string place)
    {
        var function = Member(call, "function") ?? throw new FieldException(place, "an object with a function");
        return new(
            Text(call, "id") ?? throw new FieldException(place + ".id", "a string"),
            Text(function, "name") ?? throw new FieldException(place + ".function.name", "a string"),
            Text(function, "arguments") ?? throw new FieldException(place + ".function.arguments", "a string"),
            Member(call, "extra_content") is { } extra && Member(extra, "google") is { } google ? Text(google, "thought_signature") : null,
            place);
    }

    public void Write(Utf8JsonWriter json, string? signature)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionCall"u8);
        json.WriteString("id"u8, Id);
        json.WriteString("name"u8, Name);
        json.WritePropertyName("args"u8);
        WriteArguments(json);
        json.WriteEndObject();
        if (signature is not null)
        {
            json.WriteString("thoughtSignature"u8, signature);
        }

        json.WriteEndObject();
    }

    /// <param name="json">Where to.</param>
    /// <param name="text">What the tool answered.</param>
    /// <param name="isError">The tool failed, and the text says how.</param>
    public void WriteResult(Utf8JsonWriter json, string text, bool isError)
    {
        json.WriteStartObject();
        json.WriteStartObject("functionResponse"u8);
        json.WriteString("id"u8, Id);
        json.WriteString("name"u8, Name);
        json.WriteStartObject("response"u8);
        json.WriteString(isError ? "error"u8 : "output"u8, text);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteArguments(Utf8JsonWriter json)
    {
        if (string.IsNullOrWhiteSpace(Arguments))
        {
            json.WriteStartObject();
            json.WriteEndObject();
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(Arguments, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                document.RootElement.WriteTo(json);
                return;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw new FieldException(Place + ".function.arguments", "the text of a JSON object");
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
