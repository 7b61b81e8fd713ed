using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A whole answer of Anthropic's as a chat.completion:
/// <code>
/// {"id":"msg_1","type":"message","role":"assistant","content":[{"type":"text","text":"…"},{"type":"tool_use",…}],"stop_reason":"end_turn","usage":{…}}
/// </code>
/// </summary>
internal static class AnthropicCompletion
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <exception cref="JsonException">It is no message.</exception>
    /// <exception cref="InvalidOperationException">A member is of another type than the wire has.</exception>
    public static ReadOnlyMemory<byte> Write(ReadOnlyMemory<byte> answer, string model, long created, bool answersByTool)
    {
        using var document = JsonDocument.Parse(answer);
        var message = document.RootElement;
        if (message.Member("content"u8) is not { ValueKind: JsonValueKind.Array } content || message.Member("stop_reason"u8) is null)
        {
            throw new JsonException("Not a message that has ended.");
        }

        var blocks = content.EnumerateArray().ToLookup(block => KindOf(block, answersByTool));
        var output = new ArrayBufferWriter<byte>(answer.Length + 512);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("id"u8, message.GetProperty("id"u8).GetString());
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, created);
        json.WriteString("model"u8, model);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        WriteMessage(json, blocks);
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, AnthropicFinish.Of(message.GetProperty("stop_reason"u8).GetString(), blocks[Kind.Tool].Any()));
        json.WriteEndObject();
        json.WriteEndArray();
        WriteUsage(json, message);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenMemory;
    }

    private enum Kind
    {
        Other,
        Text,
        Thinking,
        Tool,
    }

    private static Kind KindOf(JsonElement block, bool answersByTool) => block.GetProperty("type"u8).GetString() switch
    {
        "text" => Kind.Text,
        "thinking" or "redacted_thinking" => Kind.Thinking,
        "tool_use" => answersByTool && block.GetProperty("name"u8).ValueEquals(AnthropicTools.AnswerTool) ? Kind.Text : Kind.Tool,
        _ => Kind.Other,
    };

    private static void WriteMessage(Utf8JsonWriter json, ILookup<Kind, JsonElement> blocks)
    {
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, blocks[Kind.Text].Any() || !blocks[Kind.Tool].Any() ? string.Concat(blocks[Kind.Text].Select(TextOf)) : null);
        json.WriteNull("refusal"u8);
        if (blocks[Kind.Thinking].Any())
        {
            WriteThinking(json, blocks[Kind.Thinking]);
        }

        if (blocks[Kind.Tool].Any())
        {
            json.WriteStartArray("tool_calls"u8);
            foreach (var tool in blocks[Kind.Tool])
            {
                WriteTool(json, tool);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // Text, or the input of the tool that is the answer.
    private static string TextOf(JsonElement block) => block.Member("text"u8)?.GetString() ?? block.GetProperty("input"u8).GetRawText();

    private static void WriteThinking(Utf8JsonWriter json, IEnumerable<JsonElement> blocks)
    {
        var text = string.Concat(blocks.Select(static block => block.Member("thinking"u8)?.GetString()));
        if (text.Length > 0)
        {
            json.WriteString("reasoning_content"u8, text);
        }

        json.WriteStartArray("thinking_blocks"u8);
        foreach (var block in blocks)
        {
            if (block.Member("data"u8) is { } data)
            {
                AnthropicThoughts.WriteRedactedBlock(json, data.GetString()!);
            }
            else
            {
                var thinking = Encoding.UTF8.GetBytes(block.Member("thinking"u8)?.GetString() ?? "");
                AnthropicThoughts.WriteBlock(json, thinking, block.Member("signature"u8)?.GetString() ?? "");
            }
        }

        json.WriteEndArray();
    }

    private static void WriteTool(Utf8JsonWriter json, JsonElement tool)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, tool.GetProperty("id"u8).GetString());
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        json.WriteString("name"u8, tool.GetProperty("name"u8).GetString());
        json.WriteString("arguments"u8, tool.Member("input"u8)?.GetRawText() ?? "{}");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, JsonElement message)
    {
        if (message.Member("usage"u8) is not { ValueKind: JsonValueKind.Object } written)
        {
            return;
        }

        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(written));
        reader.Read();
        var usage = default(AnthropicUsage);
        usage.Merge(ref reader);
        json.WritePropertyName("usage"u8);
        ChatUsage.Write(json, usage.ToReported());
    }
}
