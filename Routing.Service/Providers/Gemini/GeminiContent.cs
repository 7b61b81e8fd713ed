using System.Text;
using System.Text.Json;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>What one candidate of a whole answer says.</summary>
internal sealed class GeminiContent
{
    public StringBuilder Text { get; } = new();

    public StringBuilder Reasoning { get; } = new();

    public List<(string Id, string Name, string Arguments, string? Signature)> Calls { get; } = [];

    public bool HasOutput => Text.Length > 0 || Reasoning.Length > 0 || Calls.Count > 0;

    public static GeminiContent Read(JsonElement candidate)
    {
        var content = new GeminiContent();
        if (candidate.TryGetProperty("content"u8, out var inner) && inner.ValueKind == JsonValueKind.Object
            && inner.TryGetProperty("parts"u8, out var parts) && parts.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in parts.EnumerateArray())
            {
                content.Add(Encoding.UTF8.GetBytes(part.GetRawText()));
            }
        }

        return content;
    }

    private void Add(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var part = GeminiPart.Read(ref reader, json);
        if (part.Function is { } function)
        {
            Calls.Add((part.CallId, function, Compact(part.Arguments), part.Signature));
        }

        if (part.HasText)
        {
            (part.IsThought ? Reasoning : Text).Append(part.Text.GetString());
        }
    }

    // A whole answer is indented, and nobody wants to pay for the blanks of arguments that come back with each turn.
    private static string Compact(ReadOnlySpan<byte> json)
    {
        var compact = new byte[json.Length];
        var (length, isText, isEscaped) = (0, false, false);
        foreach (var value in json)
        {
            if (isText || value is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                compact[length++] = value;
            }

            isText = isEscaped || value != (byte)'"' ? isText : !isText;
            isEscaped = isText && !isEscaped && value == (byte)'\\';
        }

        return Encoding.UTF8.GetString(compact, 0, length);
    }
}
