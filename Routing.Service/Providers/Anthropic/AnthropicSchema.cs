using System.Text.Json;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>
/// A JSON schema as output_config.format and strict tools take it (platform.claude.com/docs/en/build-with-claude/structured-outputs): each object
/// is closed, oneOf is anyOf, and the keywords that the decoder refuses go into the description, for the model to heed:
/// <code>
/// {"type":"integer","minimum":1,"maximum":10}     {"type":"integer","description":"minimum: 1, maximum: 10"}
/// </code>
/// </summary>
internal static class AnthropicSchema
{
    private static readonly string[] Kept = ["$schema", "$id", "$ref", "title", "default", "const", "enum", "type", "required"];

    private static readonly string[] Told =
    [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems",
        "uniqueItems", "minProperties", "maxProperties", "not",
    ];

    private static readonly string[] Formats =
        ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

    /// <param name="schema">Of any kind: what is no object is written as it is.</param>
    /// <param name="json">Where to.</param>
    public static void Write(JsonElement schema, Utf8JsonWriter json)
    {
        if (!schema.IsObject())
        {
            schema.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        var told = new List<string>();
        foreach (var member in schema.EnumerateObject())
        {
            WriteMember(member, schema, told, json);
        }

        WriteDescription(schema, told, json);
        if (schema.Member("properties"u8) is not null || IsObjectType(schema.Member("type"u8)))
        {
            json.WriteBoolean("additionalProperties"u8, false);
        }

        json.WriteEndObject();
    }

    private static void WriteMember(JsonProperty member, JsonElement schema, List<string> told, Utf8JsonWriter json)
    {
        switch (member.Name)
        {
            case "properties" or "$defs" or "definitions" when member.Value.IsObject():
                json.WriteStartObject(member.Name);
                foreach (var inner in member.Value.EnumerateObject())
                {
                    json.WritePropertyName(inner.Name);
                    Write(inner.Value, json);
                }

                json.WriteEndObject();
                break;
            case "anyOf" or "allOf" or "oneOf" or "items" or "prefixItems" when member.Value.IsArray():
                if (member.Name == "oneOf" && schema.Member("anyOf"u8) is not null)
                {
                    break;
                }

                json.WriteStartArray(member.Name == "oneOf" ? "anyOf" : member.Name);
                foreach (var inner in member.Value.EnumerateArray())
                {
                    Write(inner, json);
                }

                json.WriteEndArray();
                break;
            case "items":
                json.WritePropertyName(member.Name);
                Write(member.Value, json);
                break;
            case "format" when member.Value.IsString() && Formats.Contains(member.Value.GetString()!):
            case var kept when Kept.Contains(kept):
                member.WriteTo(json);
                break;
            case "format":
            case var limit when Told.Contains(limit) && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False):
                told.Add($"{member.Name}: {member.Value}");
                break;
        }
    }

    private static void WriteDescription(JsonElement schema, List<string> told, Utf8JsonWriter json)
    {
        var description = schema.Member("description"u8) is { ValueKind: JsonValueKind.String } own ? own.GetString()! : "";
        var limits = string.Join(", ", told);
        if (description.Length + limits.Length > 0)
        {
            json.WriteString("description"u8, description.Length > 0 && limits.Length > 0 ? $"{description} ({limits})" : description + limits);
        }
    }

    // "object", or ["object","null"]
    private static bool IsObjectType(JsonElement? type) => type.Is("object"u8)
        || (type is { ValueKind: JsonValueKind.Array } types && types.EnumerateArray().Any(static one => one.Is("object"u8)));
}
