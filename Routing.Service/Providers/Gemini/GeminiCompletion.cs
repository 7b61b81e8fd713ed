using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>A whole answer of Gemini as a chat.completion: each candidate is a choice.</summary>
internal sealed class GeminiCompletion(Utf8JsonWriter json)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="answer">The provider's bytes.</param>
    /// <param name="blocked">The prompt was refused: an empty answer says so.</param>
    /// <param name="id">The provider's; null for one of ours.</param>
    /// <param name="usage">As the provider reported it; null without.</param>
    /// <param name="model">By the catalogue's name.</param>
    /// <param name="now">When the answer was made.</param>
    /// <returns>Null where a candidate gave up before it said anything, or has no end.</returns>
    /// <exception cref="InvalidOperationException">A member is not of the type that the wire has.</exception>
    public static ReadOnlyMemory<byte>? Write(ReadOnlyMemory<byte> answer, bool blocked, string? id, ReportedUsage? usage, string model, DateTimeOffset now)
    {
        using var document = JsonDocument.Parse(answer);
        var output = new ArrayBufferWriter<byte>(answer.Length + 512);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("id"u8, $"chatcmpl-{id ?? Guid.NewGuid().ToString("N")}");
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, now.ToUnixTimeSeconds());
        json.WriteString("model"u8, model);
        json.WriteStartArray("choices"u8);
        if (!new GeminiCompletion(json).WriteChoices(document.RootElement, blocked))
        {
            return null;
        }

        json.WriteEndArray();
        if (usage is { } reported)
        {
            json.WritePropertyName("usage"u8);
            ChatUsage.Write(json, reported);
        }

        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }

    private bool WriteChoices(JsonElement answer, bool blocked)
    {
        var candidates = answer.TryGetProperty("candidates"u8, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToList() : [];
        var index = 0;
        foreach (var candidate in candidates)
        {
            var content = GeminiContent.Read(candidate);
            if (Finish(candidate, content) is not { } finish)
            {
                return false;
            }

            WriteChoice(index++, content, candidate, finish);
        }

        if (index == 0 && blocked)
        {
            WriteChoice(0, new GeminiContent(), default, "content_filter");
        }

        return true;
    }

    private static string? Finish(JsonElement candidate, GeminiContent content)
    {
        if (!candidate.TryGetProperty("finishReason"u8, out var reason) || reason.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(reason.GetRawText()));
        reader.Read();
        return GeminiFinish.Map(in reader, content.Calls.Count > 0, content.HasOutput);
    }

    private void WriteChoice(int index, GeminiContent content, JsonElement candidate, string finish)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, content.Text.Length > 0 || content.Calls.Count == 0 ? content.Text.ToString() : null);
        if (content.Reasoning.Length > 0)
        {
            json.WriteString("reasoning_content"u8, content.Reasoning.ToString());
        }

        WriteCalls(content);
        json.WriteEndObject();
        GeminiLogprobs.Write(json, candidate);
        json.WriteString("finish_reason"u8, finish);
        json.WriteEndObject();
    }

    private void WriteCalls(GeminiContent content)
    {
        if (content.Calls.Count == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls"u8);
        foreach (var (id, name, arguments, signature) in content.Calls)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, name);
            json.WriteString("arguments"u8, arguments);
            json.WriteEndObject();
            GoogleExtra.Write(json, signature);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
