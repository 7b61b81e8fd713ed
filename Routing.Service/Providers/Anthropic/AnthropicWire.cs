using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A chat request as the body of Anthropic's Messages API (platform.claude.com/docs/en/api/messages), by docs/providers.md. What Anthropic
/// has no word for is refused where the answer would be another one without it, and left out where it is only a wish.
/// </summary>
internal static class AnthropicWire
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    // Of two members with one name a server may follow the other; and to look one up among many of them takes its time.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <param name="chat">The client's request.</param>
    /// <param name="deployment">Whose model.</param>
    /// <param name="stream">The form of the answer.</param>
    /// <param name="maxTokens">The output's maximum: Anthropic wants one.</param>
    /// <param name="output">Where to.</param>
    public static AnthropicBody Write(ChatRequest chat, Deployment deployment, bool stream, long maxTokens, IBufferWriter<byte> output)
    {
        if (JsonText.FindBroken(chat.Body.Span) is { } broken)
        {
            return new AnthropicBody(ProviderReply.NotText(broken).Fault, false);
        }

        using var document = Parse(chat.Body);
        if (document is null)
        {
            return new AnthropicBody(new CallFault(CallFailure.InvalidRequest, "The body gives a name twice in one object.") { Code = "invalid_value" }, false);
        }

        using var json = new Utf8JsonWriter(output, Options);
        var draft = new AnthropicDraft(json, deployment);
        var root = document.RootElement;
        json.WriteStartObject();
        json.WriteString("model"u8, deployment.UpstreamModel);
        json.WriteNumber("max_tokens"u8, maxTokens);
        json.WriteBoolean("stream"u8, stream);
        var byTool = Write(chat, root, draft, maxTokens);
        json.WriteEndObject();
        return new AnthropicBody(draft.Fault, byTool);
    }

    private static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body, Strict);
        }
        catch (JsonException)
        {
            // That it is JSON is known by now.
            return null;
        }
    }

    private static bool Write(ChatRequest chat, JsonElement root, AnthropicDraft draft, long maxTokens)
    {
        Refuse(chat, root, draft);
        var schema = AnswerSchema(root, draft);
        var byTool = schema is not null && !draft.Model.TakesOutputFormat;
        var turns = new AnthropicTurns(draft, root);
        var tools = new AnthropicTools(draft, root, byTool ? schema : null);
        var isBudget = draft.Model.Thinking == AnthropicThinking.Budget;
        var mayThink = !tools.Forces && !(isBudget && (turns.HasLostThinking || turns.EndsWithAssistant));
        var reasoning = AnthropicReasoning.Of(draft, root, maxTokens, mayThink);
        tools.Write();
        reasoning.Write(draft.Json);
        WriteOutputConfig(draft.Json, reasoning.Effort, byTool ? null : schema);
        WriteSampling(root, draft, reasoning.Thinks);
        WriteStop(root, draft);
        WriteCaller(root, draft.Json);
        turns.WriteSystem();
        turns.WriteMessages();
        return byTool;
    }

    private static void Refuse(ChatRequest chat, JsonElement root, AnthropicDraft draft)
    {
        if (chat.Choices > 1)
        {
            draft.UnsupportedOrDropped("n");
        }

        if (root.Member("logprobs"u8) is { ValueKind: JsonValueKind.True })
        {
            draft.UnsupportedOrDropped("logprobs");
        }

        RefuseUnlessZero(root.Member("top_logprobs"u8), "top_logprobs", draft);
        RefuseUnlessZero(root.Member("frequency_penalty"u8), "frequency_penalty", draft);
        RefuseUnlessZero(root.Member("presence_penalty"u8), "presence_penalty", draft);

        if (root.Member("logit_bias"u8) is { } bias && !(bias.IsObject() && bias.GetPropertyCount() == 0))
        {
            draft.UnsupportedOrDropped("logit_bias");
        }

        if (root.Member("modalities"u8) is { } modalities && !(modalities.IsArray() && modalities.EnumerateArray().All(static kind => kind.Is("text"u8))))
        {
            draft.UnsupportedOrDropped("modalities");
        }

        if (root.Member("web_search_options"u8) is not null)
        {
            draft.UnsupportedOrDropped("web_search_options");
        }

        if (root.Member("functions"u8) is { } functions && !(functions.IsArray() && functions.GetArrayLength() == 0))
        {
            // Superseded by tools years ago; without them the answer would be another one.
            draft.Unsupported("functions");
        }
    }

    private static void RefuseUnlessZero(JsonElement? number, string param, AnthropicDraft draft)
    {
        if (number is { } value && !(value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0))
        {
            draft.UnsupportedOrDropped(param);
        }
    }

    /// <summary>The schema that the answer has to follow; null without one.</summary>
    private static JsonElement? AnswerSchema(JsonElement root, AnthropicDraft draft)
    {
        if (root.Member("response_format"u8) is not { } format || format.Member("type"u8).Is("text"u8))
        {
            return null;
        }

        if (format.Member("type"u8).Is("json_schema"u8))
        {
            if (format.Member("json_schema"u8)?.Member("schema"u8) is { ValueKind: JsonValueKind.Object } schema)
            {
                return schema;
            }

            draft.Invalid("response_format.json_schema.schema", "must be an object");
        }
        else if (format.Member("type"u8).Is("json_object"u8))
        {
            draft.Instructions.Add("Reply with one JSON object and nothing else.");
        }
        else
        {
            draft.Invalid("response_format.type", "must be text, json_object or json_schema");
        }

        return null;
    }

    // {"effort":"high","format":{"type":"json_schema","schema":{…}}}
    private static void WriteOutputConfig(Utf8JsonWriter json, string? effort, JsonElement? schema)
    {
        if (effort is null && schema is null)
        {
            return;
        }

        json.WriteStartObject("output_config"u8);
        if (effort is not null)
        {
            json.WriteString("effort"u8, effort);
        }

        if (schema is { } given)
        {
            json.WriteStartObject("format"u8);
            json.WriteString("type"u8, "json_schema"u8);
            json.WritePropertyName("schema"u8);
            AnthropicSchema.Write(given, json);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteSampling(JsonElement root, AnthropicDraft draft, bool thinks)
    {
        var temperature = Number(root, "temperature"u8, "temperature", draft);
        var topP = Number(root, "top_p"u8, "top_p", draft);
        var topK = Number(root, "top_k"u8, "top_k", draft);
        if (!draft.Model.TakesSampling || thinks)
        {
            // Clients set these always, and nobody would be served by a refusal.
            return;
        }

        if (temperature is { } heat)
        {
            // OpenAI's scale ends at 2.
            if (heat.GetDouble() > 1)
            {
                draft.Json.WriteNumber("temperature"u8, 1);
            }
            else
            {
                draft.Json.WriteAsIs("temperature"u8, heat);
            }
        }

        if (topP is { } share && (temperature is null || draft.Model.TakesTemperatureWithTopP))
        {
            draft.Json.WriteAsIs("top_p"u8, share);
        }

        if (topK is { } count)
        {
            draft.Json.WriteAsIs("top_k"u8, count);
        }
    }

    private static JsonElement? Number(JsonElement root, ReadOnlySpan<byte> name, string param, AnthropicDraft draft)
    {
        var value = root.Member(name);
        if (value is { ValueKind: not JsonValueKind.Number })
        {
            draft.Invalid(param, "must be a number");
            return null;
        }

        return value;
    }

    private static void WriteStop(JsonElement root, AnthropicDraft draft)
    {
        if (root.Member("stop"u8) is not { } stop)
        {
            return;
        }

        JsonElement[] words = stop.IsArray() ? [.. stop.EnumerateArray()] : [stop];
        if (!words.All(static word => word.IsString()))
        {
            draft.Invalid("stop", "must be a string or an array of strings");
        }
        else if (words.Any(static word => !word.IsBlank()))
        {
            draft.Json.WriteStartArray("stop_sequences"u8);
            foreach (var word in words.Where(static word => !word.IsBlank()))
            {
                word.WriteTo(draft.Json);
            }

            draft.Json.WriteEndArray();
        }
    }

    private static void WriteCaller(JsonElement root, Utf8JsonWriter json)
    {
        if ((root.Member("safety_identifier"u8) ?? root.Member("user"u8)) is { ValueKind: JsonValueKind.String } user && !user.IsBlank())
        {
            json.WriteStartObject("metadata"u8);
            json.WriteAsIs("user_id"u8, user);
            json.WriteEndObject();
        }

        var tier = root.Member("service_tier"u8);
        if (tier.Is("auto"u8) || tier.Is("default"u8))
        {
            json.WriteString("service_tier"u8, tier.Is("auto"u8) ? "auto"u8 : "standard_only"u8);
        }
    }
}

/// <param name="Fault">Why it is not to be sent.</param>
/// <param name="AnswersByTool">The answer is the input of <see cref="AnthropicTools.AnswerTool"/>.</param>
internal readonly record struct AnthropicBody(CallFault? Fault, bool AnswersByTool);
