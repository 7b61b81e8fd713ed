using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>A whole chat.completion as a message of Anthropic's wire.</summary>
internal static class MessagesAnswer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> completion, string id, string model, in TokenUsage usage, long costNanoUsd)
    {
        using var document = JsonDocument.Parse(completion);
        var choice = document.RootElement.GetProperty("choices"u8)[0];
        var message = Member(choice, "message"u8, JsonValueKind.Object);
        var output = new ArrayBufferWriter<byte>(completion.Length + 512);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, model);
        json.WriteStartArray("content"u8);
        var (hasTools, refused) = WriteContent(message, json);
        json.WriteEndArray();
        StopOf(choice, hasTools, refused).Write(json);
        json.WritePropertyName("usage"u8);
        MessagesUsage.Write(json, usage, costNanoUsd);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }

    private static MessagesStop StopOf(JsonElement choice, bool hasTools, bool refused)
    {
        var reason = Member(choice, "finish_reason"u8, JsonValueKind.String);
        var sequence = Member(choice, "stop_reason"u8, JsonValueKind.String);
        return MessagesStop.Of(
            reason is { } finish ? Encoding.UTF8.GetString(Raw(finish)[1..^1]) : null, sequence is { } text ? Raw(text).ToArray() : null, hasTools, refused);
    }

    private static (bool HasTools, bool Refused) WriteContent(JsonElement? message, Utf8JsonWriter json)
    {
        if (message is not { } said)
        {
            return (false, false);
        }

        WriteThinking(said, json);
        WriteText(said, "content"u8, json);
        return (WriteCalls(said, json), WriteText(said, "refusal"u8, json));
    }

    private static void WriteThinking(JsonElement message, Utf8JsonWriter json)
    {
        if (Member(message, "thinking_blocks"u8, JsonValueKind.Array) is { } blocks && blocks.GetArrayLength() > 0)
        {
            foreach (var block in blocks.EnumerateArray().Where(block => block.ValueKind == JsonValueKind.Object))
            {
                json.WriteRawValue(Raw(block), skipInputValidation: true);
            }
        }
        else if ((Text(message, "reasoning_content"u8) ?? Text(message, "reasoning"u8)) is { } thought)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "thinking"u8);
            Copy("thinking"u8, thought, json);
            json.WriteString("signature"u8, ""u8);
            json.WriteEndObject();
        }
    }

    private static bool WriteText(JsonElement message, ReadOnlySpan<byte> member, Utf8JsonWriter json)
    {
        if (Text(message, member) is not { } text)
        {
            return false;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, "text"u8);
        Copy("text"u8, text, json);
        json.WriteEndObject();
        return true;
    }

    private static bool WriteCalls(JsonElement message, Utf8JsonWriter json)
    {
        if (Member(message, "tool_calls"u8, JsonValueKind.Array) is not { } calls)
        {
            return false;
        }

        var count = 0;
        foreach (var call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || Member(call, "function"u8, JsonValueKind.Object) is not { } function)
            {
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type"u8, "tool_use"u8);
            if (Text(call, "id"u8) is { } id)
            {
                Copy("id"u8, id, json);
            }
            else
            {
                json.WriteString("id"u8, $"toolu_{count}");
            }

            Copy("name"u8, Text(function, "name"u8), json);
            WriteInput(Text(function, "arguments"u8), json);
            json.WriteEndObject();
            count++;
        }

        return count > 0;
    }

    // Arguments are a text that ought to be JSON, and input is JSON.
    private static void WriteInput(JsonElement? arguments, Utf8JsonWriter json)
    {
        json.WriteStartObject("input"u8);
        if (arguments is { } text)
        {
            try
            {
                using var document = JsonDocument.Parse(text.GetString()!);
                foreach (var member in document.RootElement.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    json.WriteRawValue(Raw(member.Value), skipInputValidation: true);
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                Copy("_raw"u8, text, json);
            }
        }

        json.WriteEndObject();
    }

    private static JsonElement? Member(JsonElement parent, ReadOnlySpan<byte> name, JsonValueKind kind) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;

    /// <summary>Null for an empty one too.</summary>
    private static JsonElement? Text(JsonElement parent, ReadOnlySpan<byte> name) =>
        Member(parent, name, JsonValueKind.String) is { } text && Raw(text).Length > 2 ? text : null;

    private static ReadOnlySpan<byte> Raw(JsonElement value) => JsonMarshal.GetRawUtf8Value(value);

    private static void Copy(ReadOnlySpan<byte> name, JsonElement? text, Utf8JsonWriter json)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(text is { } value ? Raw(value) : "\"\""u8, skipInputValidation: true);
    }
}
