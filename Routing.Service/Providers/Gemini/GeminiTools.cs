using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Gemini;

/// <summary>
/// Tools and the choice among them:
/// <code>
/// "tools":[{"functionDeclarations":[{"name":"f","description":"…","parametersJsonSchema":{…}}]}],
/// "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}
/// </code>
/// parametersJsonSchema, because "parameters" is an OpenAPI subset that refuses additionalProperties, $ref and lists of types.
/// </summary>
internal static class GeminiTools
{
    public static void Write(Utf8JsonWriter json, JsonElement? tools, JsonElement? choice)
    {
        if (tools is not { } list)
        {
            return;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new FieldException("tools", "an array");
        }

        if (list.GetArrayLength() == 0)
        {
            return;
        }

        json.WriteStartArray("tools"u8);
        json.WriteStartObject();
        json.WriteStartArray("functionDeclarations"u8);
        var (index, strict) = (0, false);
        foreach (var tool in list.EnumerateArray())
        {
            strict |= WriteTool(json, tool, $"tools[{index++}]");
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteChoice(json, choice, strict);
    }

    // {"type":"function","function":{"name":"f","description":"…","parameters":{…},"strict":true}}
    private static bool WriteTool(Utf8JsonWriter json, JsonElement tool, string place)
    {
        if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function"u8, out var function) || function.ValueKind != JsonValueKind.Object)
        {
            // Tools of other types run at OpenAI.
            var isOther = tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("type"u8, out var type)
                && type.ValueKind == JsonValueKind.String && !type.ValueEquals("function"u8);
            throw new FieldException(place, isOther ? null : "an object with a function");
        }

        json.WriteStartObject();
        json.WriteString("name"u8, Text(function, "name", place) ?? throw new FieldException($"{place}.function.name", "a string"));
        if (Text(function, "description", place) is { } description)
        {
            json.WriteString("description"u8, description);
        }

        if (function.TryGetProperty("parameters"u8, out var parameters) && parameters.ValueKind != JsonValueKind.Null)
        {
            json.WritePropertyName("parametersJsonSchema"u8);
            (parameters.ValueKind == JsonValueKind.Object ? parameters : throw new FieldException($"{place}.function.parameters", "an object")).WriteTo(json);
        }

        json.WriteEndObject();
        return function.TryGetProperty("strict"u8, out var strict) && strict.ValueKind == JsonValueKind.True;
    }

    private static void WriteChoice(Utf8JsonWriter json, JsonElement? choice, bool strict)
    {
        // VALIDATED is AUTO with arguments that keep to their schema.
        var auto = strict ? "VALIDATED" : "AUTO";
        var (mode, names) = choice switch
        {
            null => (strict ? auto : null, []),
            { ValueKind: JsonValueKind.String } word => (word.GetString() switch
            {
                "auto" => auto,
                "none" => "NONE",
                "required" or "any" => "ANY",
                _ => throw new FieldException("tool_choice", "none, auto, required, or an object that names a function"),
            }, []),
            { ValueKind: JsonValueKind.Object } one when one.TryGetProperty("function"u8, out _) => ("ANY", [Name(one, "tool_choice")]),
            { ValueKind: JsonValueKind.Object } some when some.TryGetProperty("allowed_tools"u8, out var allowed) => Allowed(allowed),
            _ => throw new FieldException("tool_choice", "none, auto, required, or an object that names a function"),
        };
        if (mode is null)
        {
            return;
        }

        json.WriteStartObject("toolConfig"u8);
        json.WriteStartObject("functionCallingConfig"u8);
        json.WriteString("mode"u8, mode);
        if (names.Count > 0)
        {
            json.WriteStartArray("allowedFunctionNames"u8);
            foreach (var name in names)
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    // {"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}. Names may be given with ANY
    // and VALIDATED, and not with AUTO.
    private static (string? Mode, List<string> Names) Allowed(JsonElement allowed)
    {
        const string Place = "tool_choice.allowed_tools";
        if (allowed.ValueKind != JsonValueKind.Object || !allowed.TryGetProperty("tools"u8, out var tools) || tools.ValueKind != JsonValueKind.Array
            || tools.GetArrayLength() == 0)
        {
            throw new FieldException(Place, "an object with tools");
        }

        var required = allowed.TryGetProperty("mode"u8, out var mode) && mode.ValueKind == JsonValueKind.String && mode.ValueEquals("required"u8);
        return (required ? "ANY" : "VALIDATED", [.. tools.EnumerateArray().Select(tool => Name(tool, Place + ".tools"))]);
    }

    private static string Name(JsonElement element, string place) =>
        (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("function"u8, out var function) && function.ValueKind == JsonValueKind.Object
            ? Text(function, "name", place)
            : null) ?? throw new FieldException($"{place}.function.name", "a string");

    private static string? Text(JsonElement function, string name, string place) =>
        !function.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw new FieldException($"{place}.function.{name}", "a string");
}
