using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>
/// A body of OpenAI's Responses API (platform.openai.com/docs/api-reference/responses/create) in OpenAI's chat form. Nothing is stored here:
/// what refers to something stored is refused by name, and so are tools that OpenAI runs itself, which cost more than tokens. Members that
/// are not known here are left out; the client's own body goes to a provider that speaks Responses itself.
/// </summary>
internal static class ResponsesRequest
{
    private const string NothingStored = "nothing is stored here. Send the items of earlier turns in 'input'.";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Those that mean the same in chat.</summary>
    private static readonly string[] Alike =
        ["model", "temperature", "top_p", "service_tier", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"];

    /// <summary>Those that bound the call or could lead around a check: a server that does not mind case must not find another spelling.</summary>
    private static readonly string[] Guarded =
    [
        "model", "stream", "input", "instructions", "max_output_tokens", "store", "tools", "background", "previous_response_id", "conversation",
        "prompt", "service_tier",
    ];

    public static ClientRequest Read(ReadOnlyMemory<byte> body)
    {
        using var document = ClientJson.Parse(body, out var problem, out var param);
        if (document is null)
        {
            return ClientRequest.Invalid(problem, param);
        }

        var output = new ArrayBufferWriter<byte>(body.Length + 256);
        using var json = new Utf8JsonWriter(output, Options);
        var translation = new ResponsesTranslation(json);
        json.WriteStartObject();
        Write(document.RootElement, translation);
        json.WriteEndObject();
        json.Flush();
        if (translation.Fault is { } fault)
        {
            return new(null, new CallFault(CallFailure.InvalidRequest, fault.Problem) { Param = fault.Param, Code = fault.Code });
        }

        if (ChatRequest.Read(output.WrittenMemory, out problem, out param) is not { } chat)
        {
            return ClientRequest.Invalid(problem, param);
        }

        chat.AddToBound(body.Length - translation.ImageBytes, translation.Items, translation.Images, extra: 0);
        return new(chat, null) { NativeOnly = translation.NativeOnly };
    }

    private static void Write(JsonElement body, ResponsesTranslation translation)
    {
        CheckNames(body, translation);
        CheckState(body, translation);
        foreach (var member in Alike)
        {
            translation.CopyIfSaid(body, member);
        }

        WriteMaximum(body, translation);
        WriteReasoning(body, translation);
        WriteLogprobs(body, translation);
        ResponsesTools.Write(body, translation);
        ResponsesTools.WriteFormat(body, translation);
        translation.Json.WriteStartArray("messages"u8);
        if (translation.Has(body, "instructions", "", JsonValueKind.String, out var instructions))
        {
            translation.Json.WriteStartObject();
            translation.Json.WriteString("role"u8, "system"u8);
            translation.Copy("content"u8, instructions);
            translation.Json.WriteEndObject();
        }

        new ResponsesInput(translation).Write(body);
        translation.Json.WriteEndArray();
    }

    private static void CheckNames(JsonElement body, ResponsesTranslation translation)
    {
        foreach (var member in body.EnumerateObject())
        {
            var folded = member.Name.Replace('\u017f', 's').Replace('\u212a', 'k');
            var known = Array.Find(Guarded, name => name.Equals(folded, StringComparison.OrdinalIgnoreCase));
            if (known is not null && known != member.Name)
            {
                translation.Invalid(member.Name, $"written {known}");
            }
        }
    }

    private static void CheckState(JsonElement body, ResponsesTranslation translation)
    {
        foreach (var member in (ReadOnlySpan<string>)["previous_response_id", "conversation", "prompt"])
        {
            if (ResponsesTranslation.Says(body, member))
            {
                translation.Refuse(member, NothingStored);
            }
        }

        if (body.TryGetProperty("background", out var background) && background.ValueKind is not (JsonValueKind.Null or JsonValueKind.False))
        {
            translation.Refuse("background", "an answer is given in the call that asks for it.");
        }

        if (body.TryGetProperty("store", out var store) && store.ValueKind is not (JsonValueKind.Null or JsonValueKind.False or JsonValueKind.True))
        {
            translation.Invalid("store", "a boolean");
        }
    }

    private static void WriteMaximum(JsonElement body, ResponsesTranslation translation)
    {
        if (!translation.Has(body, "max_output_tokens", "", JsonValueKind.Number, out var maximum))
        {
            return;
        }

        if (maximum.TryGetInt64(out var tokens) && tokens is >= 1 and <= 1_000_000_000)
        {
            translation.Json.WriteNumber("max_tokens"u8, tokens);
        }
        else
        {
            translation.Invalid("max_output_tokens", "a whole number of at least 1");
        }
    }

    // A summary of the reasoning is shown where the provider gives one: chat has no way to ask for it.
    private static void WriteReasoning(JsonElement body, ResponsesTranslation translation)
    {
        if (translation.Has(body, "reasoning", "", JsonValueKind.Object, out var reasoning)
            && translation.Has(reasoning, "effort", "reasoning", JsonValueKind.String, out var effort))
        {
            translation.Copy("reasoning_effort"u8, effort);
        }
    }

    private static void WriteLogprobs(JsonElement body, ResponsesTranslation translation)
    {
        var wanted = translation.Has(body, "include", "", JsonValueKind.Array, out var include)
            && include.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals("message.output_text.logprobs"u8));
        if (wanted || (translation.Has(body, "top_logprobs", "", JsonValueKind.Number, out var top) && top.TryGetInt32(out var count) && count > 0))
        {
            translation.OnlyNative(wanted ? "include" : "top_logprobs");
        }
    }
}
