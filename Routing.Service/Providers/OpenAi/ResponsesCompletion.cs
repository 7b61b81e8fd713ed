using System.Buffers;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Dialects.Responses;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>A whole response as a chat.completion.</summary>
internal static class ResponsesCompletion
{
    public static ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> answer, in ResponsesEvent read, Deployment deployment)
    {
        using var document = JsonDocument.Parse(answer);
        var response = document.RootElement;
        var items = response.TryGetProperty("output", out var output) && output.ValueKind == JsonValueKind.Array
            ? output.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object).ToList()
            : [];
        var bytes = new ArrayBufferWriter<byte>(answer.Length + 256);
        using var json = new Utf8JsonWriter(bytes, EventWriter.Options);
        json.WriteStartObject();
        var id = Text(response, "id") ?? "";
        json.WriteString("id"u8, "chatcmpl-" + id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..]);
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, response.TryGetProperty("created_at", out var created) && created.TryGetDecimal(out var at) ? (long)at : 0);
        json.WriteString("model"u8, deployment.ModelName);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        WriteMessage(items, json);
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, FinishReason(Reason(response), items.Exists(IsCall)));
        json.WriteEndObject();
        json.WriteEndArray();
        if (read.Usage is { } usage)
        {
            json.WritePropertyName("usage"u8);
            ChatUsage.Write(json, usage);
        }

        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenMemory;
    }

    /// <param name="reason">Of an incomplete response; null of a complete one.</param>
    /// <param name="hasCalls">The model calls functions.</param>
    public static string FinishReason(string? reason, bool hasCalls) => reason switch
    {
        "content_filter" => "content_filter",
        null => hasCalls ? "tool_calls" : "stop",
        // max_output_tokens, and whatever else keeps an answer from its end.
        _ => "length",
    };

    /// <summary>Of the last event: why it is incomplete, and whether it has calls.</summary>
    public static (string? Reason, bool HasCalls) ReadEnd(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var response = document.RootElement.GetProperty("response");
        var hasCalls = response.TryGetProperty("output", out var output) && output.ValueKind == JsonValueKind.Array
            && output.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object && IsCall(item));
        return (Reason(response), hasCalls);
    }

    /// <summary>Reasoning that can be sent back.</summary>
    public static bool IsThought(JsonElement item) => Text(item, "type") == "reasoning" && Text(item, "encrypted_content") is not null;

    /// <summary>"reasoning_items", the member of a message that carries them.</summary>
    public static void WriteThoughts(Utf8JsonWriter json, IEnumerable<JsonElement> items)
    {
        json.WriteStartArray("reasoning_items"u8);
        foreach (var item in items)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "reasoning"u8);
            ResponsesWire.CopyIfThere(json, item, "id");
            ResponsesWire.CopyIfThere(json, item, "encrypted_content");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMessage(List<JsonElement> items, Utf8JsonWriter json)
    {
        var parts = items.Where(item => Text(item, "type") == "message").SelectMany(item => Array(item, "content")).ToList();
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, Joined(parts, "output_text", "text"));
        json.WriteString("refusal"u8, Joined(parts, "refusal", "refusal"));
        var reasoning = items.Where(item => Text(item, "type") == "reasoning").ToList();
        var shown = reasoning.SelectMany(item => Array(item, "summary").Concat(Array(item, "content"))).Select(part => Text(part, "text")).OfType<string>().ToList();
        if (shown.Count > 0)
        {
            json.WriteString("reasoning_content"u8, string.Join("\n\n", shown));
        }

        if (reasoning.Exists(IsThought))
        {
            WriteThoughts(json, reasoning.Where(IsThought));
        }

        if (items.Exists(IsCall))
        {
            json.WriteStartArray("tool_calls"u8);
            items.FindAll(IsCall).ForEach(call => WriteCall(call, json));
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteCall(JsonElement call, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, Text(call, "call_id") ?? "");
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, Text(call, "name") ?? "");
        json.WriteString("arguments"u8, Text(call, "arguments") ?? "");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool IsCall(JsonElement item) => Text(item, "type") == "function_call";

    // "incomplete_details":{"reason":"max_output_tokens"}
    private static string? Reason(JsonElement response) => Text(response, "status") != "incomplete"
        ? null
        : response.TryGetProperty("incomplete_details", out var details) && details.ValueKind == JsonValueKind.Object
            ? Text(details, "reason") ?? ""
            : "";

    private static string? Joined(List<JsonElement> parts, string type, string member)
    {
        var texts = parts.Where(part => Text(part, "type") == type).Select(part => Text(part, member)).OfType<string>().ToList();
        return texts.Count > 0 ? new StringBuilder().AppendJoin("", texts).ToString() : null;
    }

    private static IEnumerable<JsonElement> Array(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];

    private static string? Text(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
