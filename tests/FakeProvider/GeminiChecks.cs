using System.Globalization;
using System.Text.Json;

namespace LlmGateway.FakeProvider;

/// <summary>What Gemini itself checks before it answers, in its words as far as they are known. Its JSON is that of a protobuf: no unknown field passes.</summary>
internal sealed class GeminiChecks(ProviderCall call, Signatures signatures)
{
    private static readonly HashSet<string> Fields =
    [
        "contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig", "cachedContent", "serviceTier", "store", "model",
    ];

    private static readonly HashSet<string> ConfigFields =
    [
        "candidateCount", "stopSequences", "maxOutputTokens", "temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty",
        "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities", "responseLogprobs", "logprobs", "thinkingConfig",
        "mediaResolution", "speechConfig", "imageConfig", "enableEnhancedCivicAnswers", "responseFormat", "translationConfig",
    ];

    private static readonly string[] Numbers = ["candidateCount", "maxOutputTokens", "temperature", "topP", "topK", "seed", "presencePenalty", "frequencyPenalty"];

    private static readonly HashSet<string> SchemaFields =
    [
        "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required", "minProperties", "maxProperties",
        "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "default", "items", "minimum", "maximum",
    ];

    private readonly JsonElement _body = call.Json;
    private readonly JsonElement _config = call.Json.Member("generationConfig");

    /// <summary>gemini-3-pro-preview: 3, gemini-2.5-flash: 2.5; 0 for a name that is not Google's.</summary>
    private decimal Version =>
        call.Model.StartsWith("gemini-", StringComparison.Ordinal)
        && decimal.TryParse(call.Model[7..].Split('-')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;

    public ProviderError? Find()
    {
        var said = _body.ValueKind == JsonValueKind.Object
            ? Unknown(_body, Fields, "") ?? Config() ?? Tools() ?? new GeminiTurns(_body, Version >= 3, signatures).Find()
            : "Invalid JSON payload received. Unknown name \"\": Root element must be a message.";
        return said is null ? null : new ProviderError(400, said);
    }

    /// <summary>A batch names the model in each of its requests once more.</summary>
    public static ProviderError? Embedding(ProviderCall call)
    {
        var batch = call.Path.EndsWith(":batchEmbedContents", StringComparison.Ordinal);
        var requests = batch ? call.Json.Member("requests").Items().ToList() : [call.Json];
        var said = requests.Count == 0
            ? "* BatchEmbedContentsRequest.requests: at least one request is required\n"
            : (batch ? Unknown(call.Json, ["requests"], "") : null) ?? requests.Select((request, index) =>
                Unknown(request, ["model", "content", "taskType", "title", "outputDimensionality", "autoTruncate"], $"requests[{index}]")
                ?? (batch && request.Text("model") != "models/" + call.Model ? $"* BatchEmbedContentsRequest.requests[{index}].model: model must match the model in the path\n" : null)
                ?? (request.Member("content").Member("parts").Items().Any() ? null : $"* EmbedContentRequest.content: contents is not specified\n"))
                .FirstOrDefault(wrong => wrong is not null);
        return said is null ? null : new ProviderError(400, said);
    }

    internal static string? Unknown(JsonElement element, HashSet<string> known, string place) =>
        element.Members().FirstOrDefault(member => !known.Contains(Camel(member.Name))) is { Value.ValueKind: not JsonValueKind.Undefined } unknown
            ? $"Invalid JSON payload received. Unknown name \"{unknown.Name}\"{(place.Length > 0 ? $" at '{place}'" : "")}: Cannot find field."
            : null;

    /// <summary>Protobuf's JSON takes both spellings of a field.</summary>
    private static string Camel(string name) =>
        string.Concat(name.Split('_').Select((word, index) => index == 0 || word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    private string? Config()
    {
        var thinking = _config.Member("thinkingConfig");
        return Unknown(_config, ConfigFields, "generation_config")
            ?? Unknown(thinking, ["thinkingLevel", "thinkingBudget", "includeThoughts"], "generation_config.thinking_config")
            ?? Schema("generation_config.response_schema", _config.Member("responseSchema"))
            ?? _config switch
            {
                _ when Numbers.FirstOrDefault(name => _config.Has(name) && _config.Number(name) is null) is { } wrong =>
                    $"Invalid value at 'generation_config.{wrong}' (TYPE_FLOAT), {_config.Member(wrong).GetRawText()}",
                _ when thinking.Has("thinkingLevel") && thinking.Has("thinkingBudget") =>
                    "You can only set only one of thinking budget and thinking level.",
                _ when thinking.Has("thinkingLevel") && Version is > 0 and < 3 => "Thinking level is not supported for this model.",
                _ when thinking.Has("thinkingLevel") && thinking.Text("thinkingLevel").ToUpperInvariant() is not ("MINIMAL" or "LOW" or "MEDIUM" or "HIGH") =>
                    $"Invalid value at 'generation_config.thinking_config.thinking_level' (type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.ThinkingLevel), \"{thinking.Text("thinkingLevel")}\"",
                _ when _config.Member("stopSequences").Items().Count() > 5 =>
                    "The number of stop sequences must be between 0 and 5.",
                _ when (_config.Has("responseSchema") || _config.Has("responseJsonSchema")) && _config.Text("responseMimeType") != "application/json" =>
                    "Response schema is only supported with response_mime_type application/json.",
                _ when _config.Has("responseSchema") && _config.Has("responseJsonSchema") => "Only one of response_schema and response_json_schema can be set.",
                _ when _config.Has("responseJsonSchema") && _body.Has("tools") && Version is > 0 and < 3 =>
                    "Function calling with a response mime type: 'application/json' is unsupported",
                _ when Version == 2.5m && (_config.Has("presencePenalty") || _config.Has("frequencyPenalty")) => $"Penalty is not enabled for models/{call.Model}",
                _ when _config.Number("candidateCount") is not (null or 1) && (call.Stream || Version >= 2.5m) => "Multiple candidates is not enabled for this model",
                _ when _config.Number("temperature") is < 0 or > 2 =>
                    "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].",
                _ when _config.Number("maxOutputTokens") < 1 =>
                    "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.",
                _ => null,
            };
    }

    private string? Tools()
    {
        var tools = _body.Member("tools").Items().ToList();
        for (var index = 0; index < tools.Count; index++)
        {
            var place = $"tools[{index}]";
            var said = Unknown(tools[index], ["functionDeclarations", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "computerUse", "fileSearch", "googleMaps"], place)
                ?? tools[index].Member("functionDeclarations").Items().Select((function, at) => Function($"{place}.function_declarations[{at}]", function)).FirstOrDefault(wrong => wrong is not null);
            if (said is not null)
            {
                return said;
            }
        }

        var choice = _body.Member("toolConfig").Member("functionCallingConfig");
        return Unknown(_body.Member("toolConfig"), ["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"], "tool_config")
            ?? Unknown(choice, ["mode", "allowedFunctionNames", "streamFunctionCallArguments"], "tool_config.function_calling_config")
            ?? choice.Text("mode") switch
            {
                "" or "AUTO" or "NONE" when choice.Member("allowedFunctionNames").Items().Any() =>
                    "Function calling config is set without function_calling_config.mode set to ANY or VALIDATED, but allowed_function_names is set.",
                "" or "AUTO" or "NONE" => null,
                "ANY" or "VALIDATED" => tools.Count == 0 ? "Function calling config is set without function_declarations." : null,
                var other => $"Invalid value at 'tool_config.function_calling_config.mode' (type.googleapis.com/google.ai.generativelanguage.v1beta.FunctionCallingConfig.Mode), \"{other}\"",
            };
    }

    private static string? Function(string place, JsonElement function)
    {
        var name = function.Text("name");
        return Unknown(function, ["name", "description", "behavior", "parameters", "parametersJsonSchema", "response", "responseJsonSchema"], place)
            ?? Schema(place + ".parameters", function.Member("parameters"))
            ?? (function.Has("parameters") && function.Has("parametersJsonSchema") ? $"{place}: only one of parameters and parameters_json_schema can be set." : null)
            ?? (name.Length is > 0 and <= 128 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(letter => char.IsAsciiLetterOrDigit(letter) || "_.:-".Contains(letter))
                ? null
                : $"* GenerateContentRequest.{place}.name: Invalid function name. Must start with a letter or an underscore. Must be alphameric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128.");
    }

    /// <summary>The older fields take a subset of OpenAPI's schemas and nothing of JSON Schema beyond it.</summary>
    private static string? Schema(string place, JsonElement schema)
    {
        if (schema.Member("type").ValueKind == JsonValueKind.Array)
        {
            return $"Invalid JSON payload received. Unknown name \"type\" at '{place}': Proto field is not repeating, cannot start list.";
        }

        return Unknown(schema, SchemaFields, place)
            ?? schema.Member("properties").Members().Select(member => Schema($"{place}.properties[0].value", member.Value)).FirstOrDefault(wrong => wrong is not null)
            ?? schema.Member("anyOf").Items().Select((item, index) => Schema($"{place}.any_of[{index}]", item)).FirstOrDefault(wrong => wrong is not null)
            ?? (schema.Has("items") ? Schema(place + ".items", schema.Member("items")) : null);
    }
}
