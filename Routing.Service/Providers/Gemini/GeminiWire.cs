using System.Buffers;
using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// A chat request as Gemini's generateContent takes it (ai.google.dev/api/generate-content):
/// <code>
/// {"systemInstruction":{"parts":[{"text":"Be brief."}]},
///  "contents":[{"role":"user","parts":[{"text":"Hi"}]}],
///  "tools":[{"functionDeclarations":[…]}], "toolConfig":{"functionCallingConfig":{"mode":"AUTO"}},
///  "generationConfig":{"maxOutputTokens":100,"temperature":0.2}}
/// </code>
/// A field that it does not know is a 400 there, so that nothing of the client's body is passed on unread. What the model cannot do is refused
/// by name, unless its value asks for nothing (n of 1, an empty logit_bias) or the deployment drops such parameters.
/// </summary>
internal sealed class GeminiWire
{
    // Two members of one name are read one way here and may be read another way there.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Read elsewhere, or of no meaning for the answer: names for the client's own books, hints for caches and for speed.</summary>
    private static readonly FrozenSet<string> Silent = FrozenSet.Create(
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "top_logprobs", "tool_choice", "user",
        "metadata", "store", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prediction", "verbosity");

    private readonly ProviderRequest _request;
    private readonly GeminiModel _model;
    private readonly Utf8JsonWriter _json;
    private string _place = "";

    private GeminiWire(ProviderRequest request, Utf8JsonWriter json)
    {
        (_request, _json) = (request, json);
        _model = GeminiModel.Of(request.Deployment.UpstreamModel);
    }

    /// <returns>Why the request cannot be sent; null when it is written.</returns>
    public static CallFault? Write(ProviderRequest request, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Relaxed);
        var wire = new GeminiWire(request, json);
        try
        {
            using var document = JsonDocument.Parse(request.Chat.Body, Strict);
            wire.Write(document.RootElement);
            json.Flush();
            return null;
        }
        catch (FieldException e)
        {
            return e.ToFault(request.Deployment);
        }
        catch (JsonException)
        {
            return new CallFault(CallFailure.InvalidRequest, "The body is not valid JSON, or gives a name twice in one object.");
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: JSON by its grammar, but not text.
            return wire._place.Length > 0
                ? new FieldException(wire._place, "text").ToFault(request.Deployment)
                : new CallFault(CallFailure.InvalidRequest, "The body has a name that is not text.");
        }
    }

    private void Write(JsonElement root)
    {
        _json.WriteStartObject();
        _place = "messages";
        new GeminiContents(_json, _model, place => _place = place).Write(Optional(root, "messages") ?? throw new FieldException("messages", "an array"));
        var tools = Optional(root, "tools");
        GeminiTools.Write(_json, tools, Optional(root, "tool_choice"));
        _json.WriteStartObject("generationConfig"u8);
        WriteMaximum();
        foreach (var property in root.EnumerateObject())
        {
            _place = property.Name;
            if (property.Value.ValueKind != JsonValueKind.Null && !Silent.Contains(property.Name))
            {
                Setting(property.Name, property.Value, root, hasTools: tools is { } list && list.GetArrayLength() > 0);
            }
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void Setting(string name, JsonElement value, JsonElement root, bool hasTools)
    {
        switch (name)
        {
            case "temperature":
                Number(name, "temperature", value);
                break;
            case "top_p":
                Number(name, "topP", value);
                break;
            case "top_k":
                Number(name, "topK", value);
                break;
            case "presence_penalty":
                Penalty(name, "presencePenalty", value);
                break;
            case "frequency_penalty":
                Penalty(name, "frequencyPenalty", value);
                break;
            case "seed":
                // 32 bits there. A seed only says "the same again", so that any map onto them will do that keeps equal ones equal.
                _json.WriteNumber("seed"u8, (int)((value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seed)
                    ? seed
                    : throw new FieldException(name, "a whole number")) & int.MaxValue));
                break;
            case "stop":
                WriteStop(value);
                break;
            case "n":
                WriteCandidates();
                break;
            case "logprobs":
                WriteLogprobs(value, Optional(root, "top_logprobs"));
                break;
            case "response_format":
                WriteFormat(value, hasTools);
                break;
            case "reasoning_effort":
                WriteThinking(Text(name, value));
                break;
            case "thinking":
                // What a client of another API asked for stands there as an effort too.
                if (Optional(root, "reasoning_effort") is null && EffortOf(value) is { } effort)
                {
                    WriteThinking(effort);
                }

                break;
            case "tools":
                break;
            case "service_tier" when Text(name, value) is "auto" or "default" or "standard":
            case "parallel_tool_calls" when !hasTools || value.ValueKind == JsonValueKind.True:
            case "modalities" when value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => IsText(one, "text")):
            case "logit_bias" when value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any():
            case "functions" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0:
                // What the model does anyway.
                break;
            default:
                Refuse(name);
                break;
        }
    }

    private void WriteMaximum()
    {
        var maximum = Math.Min(_request.Chat.MaxOutputTokens ?? _request.MaxTokens ?? long.MaxValue, _request.Deployment.MaxOutputTokens ?? long.MaxValue);
        if ((_request.Chat.MaxOutputTokens ?? _request.MaxTokens) is not null)
        {
            _json.WriteNumber("maxOutputTokens"u8, maximum);
        }
    }

    private void Number(string name, string theirs, JsonElement value)
    {
        _json.WritePropertyName(theirs);
        (value.ValueKind == JsonValueKind.Number ? value : throw new FieldException(name, "a number")).WriteTo(_json);
    }

    private void Penalty(string name, string theirs, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0)
        {
            return;
        }

        if (_model.Penalties)
        {
            Number(name, theirs, value);
        }
        else
        {
            Refuse(name);
        }
    }

    private void WriteStop(JsonElement value)
    {
        _json.WriteStartArray("stopSequences"u8);
        foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value])
        {
            if (Text("stop", item) is { Length: > 0 } text)
            {
                _json.WriteStringValue(text);
            }
        }

        _json.WriteEndArray();
    }

    private void WriteCandidates()
    {
        var count = _request.Chat.Choices;
        if (count > 1 && (_request.Stream || count > _model.MostCandidates))
        {
            // Never dropped: who asked for several answers reads several.
            throw new FieldException("n", null);
        }

        _json.WriteNumber("candidateCount"u8, count);
    }

    private void WriteLogprobs(JsonElement value, JsonElement? top)
    {
        if (value.ValueKind == JsonValueKind.False)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.True)
        {
            throw new FieldException("logprobs", "a boolean");
        }

        if (_request.Stream || !_model.Logprobs)
        {
            Refuse("logprobs");
            return;
        }

        _json.WriteBoolean("responseLogprobs"u8, true);
        if (top is { } count)
        {
            Number("top_logprobs", "logprobs", count);
        }
    }

    private void WriteFormat(JsonElement format, bool hasTools)
    {
        var type = format.ValueKind == JsonValueKind.Object && format.TryGetProperty("type"u8, out var kind) ? Text("response_format.type", kind) : "";
        switch (type)
        {
            case "text":
                return;
            case "json_object" or "json_schema" when hasTools && !_model.JsonWithTools:
                Refuse("response_format");
                return;
            case "json_object":
                _json.WriteString("responseMimeType"u8, "application/json"u8);
                return;
            case "json_schema":
                _json.WriteString("responseMimeType"u8, "application/json"u8);
                if (format.TryGetProperty("json_schema"u8, out var outer) && outer.ValueKind == JsonValueKind.Object
                    && outer.TryGetProperty("schema"u8, out var schema) && schema.ValueKind != JsonValueKind.Null)
                {
                    // responseSchema is an OpenAPI subset that refuses additionalProperties, $ref and lists of types.
                    _json.WritePropertyName("responseJsonSchema"u8);
                    schema.WriteTo(_json);
                }

                return;
            default:
                throw new FieldException("response_format.type", "text, json_object or json_schema");
        }
    }

    // developers.google.com/gemini-api/docs/openai has the budgets of each effort.
    private void WriteThinking(string effort)
    {
        var (level, budget) = effort switch
        {
            "none" => (_model.LeastLevel, _model.AlwaysThinks ? 128 : 0),
            "minimal" => (_model.LeastLevel, 1024),
            "low" => ("low", 1024),
            "medium" => ("medium", 8192),
            "high" or "xhigh" or "max" => ("high", 24_576),
            _ => throw new FieldException("reasoning_effort", "none, minimal, low, medium, high, xhigh or max"),
        };
        if (_model.Thinking == GeminiThinking.None)
        {
            if (effort != "none")
            {
                Refuse("reasoning_effort");
            }

            return;
        }

        _json.WriteStartObject("thinkingConfig"u8);
        if (_model.Thinking == GeminiThinking.Level)
        {
            _json.WriteString("thinkingLevel"u8, level);
        }
        else
        {
            _json.WriteNumber("thinkingBudget"u8, budget);
        }

        _json.WriteBoolean("includeThoughts"u8, effort != "none");
        _json.WriteEndObject();
    }

    // {"type":"enabled","budget_tokens":16000}, {"type":"disabled"}; {"type":"adaptive"} leaves it to the model.
    private static string? EffortOf(JsonElement thinking)
    {
        if (thinking.ValueKind != JsonValueKind.Object || !thinking.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.String)
        {
            throw new FieldException("thinking", "an object with a type");
        }

        var budget = thinking.TryGetProperty("budget_tokens"u8, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var tokens)
            ? tokens
            : 0;
        return type.GetString() switch
        {
            "disabled" => "none",
            "enabled" => budget <= 1024 ? "low" : budget <= 8192 ? "medium" : "high",
            _ => null,
        };
    }

    private void Refuse(string field)
    {
        if (!_request.Deployment.DropParams)
        {
            throw new FieldException(field, null);
        }
    }

    private static JsonElement? Optional(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Text(string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new FieldException(field, "a string");

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);
}
