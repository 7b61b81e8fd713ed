using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>
/// A body of Anthropic's Messages API (docs.claude.com/en/api/messages) in OpenAI's chat form. What chat does not have is kept under the names that
/// LiteLLM gave it (thinking_blocks, cache_control, is_error on a tool's message), for providers that know it. Fields that are not known here
/// are left out; the client's own body goes to a provider that speaks Messages itself.
/// </summary>
internal static class MessagesRequest
{
    // The most that any Claude model puts in front of a prompt with tools: platform.claude.com/docs/en/agents-and-tools/tool-use/overview, "Pricing".
    private const int ToolPromptTokens = 530;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ClientRequest Read(ReadOnlyMemory<byte> body)
    {
        using var document = ClientJson.Parse(body, out var problem, out var param);
        if (document is null)
        {
            return ClientRequest.Invalid(problem, param);
        }

        var output = new ArrayBufferWriter<byte>(body.Length + 256);
        using var json = new Utf8JsonWriter(output, Options);
        var translation = new MessagesTranslation(json);
        json.WriteStartObject();
        Write(document.RootElement, translation);
        json.WriteEndObject();
        json.Flush();
        if (translation.Fault is { } fault)
        {
            return ClientRequest.Invalid(fault.Problem, fault.Param);
        }

        if (ChatRequest.Read(output.WrittenMemory, out problem, out param) is not { } chat)
        {
            return ClientRequest.Invalid(problem, param);
        }

        chat.AddToBound(JsonText.Utf8Length(body.Span) - translation.ImageBytes, translation.Messages, translation.Images, translation.HasTools ? ToolPromptTokens : 0);
        return new(chat, null) { NativeOnly = translation.NativeOnly };
    }

    private static void Write(JsonElement body, MessagesTranslation translation)
    {
        MessagesMembers.Check(body, translation);
        translation.CopyIfThere("model"u8, body, "model", JsonValueKind.String);
        WriteMaximum(body, translation);
        if (body.TryGetProperty("stream", out var stream) && stream.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            translation.Copy("stream"u8, stream);
        }

        translation.Json.WriteStartArray("messages"u8);
        MessagesContent.WriteSystem(body, translation);
        MessagesContent.WriteMessages(body, translation);
        translation.Json.WriteEndArray();
        MessagesTools.Write(body, translation);
        MessagesSettings.Write(body, translation);
    }

    private static void WriteMaximum(JsonElement body, MessagesTranslation translation)
    {
        // A body whose tokens are only counted has none.
        if (!translation.Has(body, "max_tokens", JsonValueKind.Number, out var value))
        {
            return;
        }

        if (!value.TryGetInt64(out var tokens) || tokens < 0)
        {
            translation.Invalid("max_tokens", "a whole number of at least 0");
            return;
        }

        // 0 writes the prompt to Anthropic's cache and asks for no answer; a provider that knows no such thing is asked for the least there is.
        translation.Json.WriteNumber("max_tokens"u8, Math.Max(tokens, 1));
    }
}
