using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>What an assistant's message has besides text: its tool calls, and the thinking that led to them.</summary>
internal static class AnthropicToolCalls
{
    private static readonly SearchValues<byte> IdBytes = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"u8);

    // {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}
    // {"type":"tool_use","id":"call_1","name":"f","input":{"a":1}}
    public static void Write(AnthropicDraft draft, JsonElement calls, int message, JsonElement? cache)
    {
        if (!calls.IsArray())
        {
            draft.Invalid($"messages[{message}].tool_calls", "must be an array");
            return;
        }

        var last = calls.GetArrayLength() - 1;
        foreach (var (index, call) in calls.EnumerateArray().Index())
        {
            Write(draft, call, () => $"messages[{message}].tool_calls[{index}]", index == last ? cache : null);
        }
    }

    /// <summary>Ids of other providers may have characters that Anthropic refuses. The same id becomes the same one wherever it stands.</summary>
    public static void WriteId(AnthropicDraft draft, ReadOnlySpan<byte> name, JsonElement? id, Func<string> param)
    {
        if (id is not { ValueKind: JsonValueKind.String } value || value.Text().IsEmpty)
        {
            draft.Invalid(param(), "must be a string that is not empty");
            return;
        }

        var text = value.Text();
        if (!text.ContainsAnyExcept(IdBytes))
        {
            draft.Json.WriteString(name, text);
            return;
        }

        draft.Json.WriteString(name, "call_" + Convert.ToHexStringLower(SHA256.HashData(text)[..12]));
    }

    public static bool HasThinking(JsonElement message) =>
        message.Member("thinking_blocks"u8) is { ValueKind: JsonValueKind.Array } blocks && blocks.EnumerateArray().Any(IsComplete);

    /// <summary>
    /// thinking_blocks, as this gateway gives them out. One without a signature is no proof of having been thought, and refused; so it is
    /// left out.
    /// </summary>
    public static void WriteThinking(AnthropicDraft draft, JsonElement message)
    {
        if (message.Member("thinking_blocks"u8) is not { ValueKind: JsonValueKind.Array } blocks)
        {
            return;
        }

        foreach (var block in blocks.EnumerateArray().Where(IsComplete))
        {
            draft.Json.WriteStartObject();
            if (block.Member("data"u8) is { } data)
            {
                draft.Json.WriteString("type"u8, "redacted_thinking"u8);
                draft.Json.WriteAsIs("data"u8, data);
            }
            else
            {
                draft.Json.WriteString("type"u8, "thinking"u8);
                draft.Json.WriteAsIs("thinking"u8, block.Member("thinking"u8)!.Value);
                draft.Json.WriteAsIs("signature"u8, block.Member("signature"u8)!.Value);
            }

            draft.Json.WriteEndObject();
        }
    }

    private static bool IsComplete(JsonElement block) => block.Member("type"u8).Is("redacted_thinking"u8)
        ? block.Member("data"u8) is { ValueKind: JsonValueKind.String }
        : block.Member("data"u8) is null && block.Member("thinking"u8) is { ValueKind: JsonValueKind.String }
            && block.Member("signature"u8) is { ValueKind: JsonValueKind.String } signature && !signature.Text().IsEmpty;

    private static void Write(AnthropicDraft draft, JsonElement call, Func<string> param, JsonElement? cache)
    {
        if (call.Member("type"u8).Is("custom"u8))
        {
            // {"type":"custom","custom":{"name":"f","input":"…"}}: a tool whose input is no JSON.
            draft.Unsupported($"{param()}.type");
            return;
        }

        if (call.Member("function"u8) is not { ValueKind: JsonValueKind.Object } function)
        {
            draft.Invalid($"{param()}.function", "must be an object");
            return;
        }

        draft.Json.WriteStartObject();
        draft.Json.WriteString("type"u8, "tool_use"u8);
        WriteId(draft, "id"u8, call.Member("id"u8), () => $"{param()}.id");
        if (function.Member("name"u8) is { ValueKind: JsonValueKind.String } name)
        {
            draft.Json.WriteAsIs("name"u8, name);
        }
        else
        {
            draft.Invalid($"{param()}.function.name", "must be a string");
        }

        WriteInput(draft, function.Member("arguments"u8), param);
        AnthropicParts.WriteCache(draft, call, cache);
        draft.Json.WriteEndObject();
    }

    private static void WriteInput(AnthropicDraft draft, JsonElement? arguments, Func<string> param)
    {
        // No arguments at all are written as "" by many clients.
        var text = arguments is { ValueKind: JsonValueKind.String } value ? value.Text() : default;
        text = text.IsEmpty ? "{}"u8 : text;
        if (arguments is { ValueKind: not JsonValueKind.String } || !IsObject(text))
        {
            draft.Invalid($"{param()}.function.arguments", "must be a string with a JSON object");
            return;
        }

        draft.Json.WritePropertyName("input"u8);
        draft.Json.WriteRawValue(text, skipInputValidation: true);
    }

    private static bool IsObject(ReadOnlySpan<byte> json)
    {
        if (!JsonText.IsWhole(json))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
