using System.Text.Json;

namespace LlmGateway.Routing.Providers.Mock;

/// <summary>
/// The smallest value that a JSON schema takes, as far as models are given schemas: the required members, the first of an enum or of several
/// schemas, one item of an array. Own code, because libraries check values against schemas and make none.
/// </summary>
internal static class MockSchema
{
    // A schema that refers to itself twice would double with each level.
    private const int MostBytes = 64 * 1024;
    private const int MostDepth = 32;
    private const int MostItems = 16;
    private const int MostLength = 1024;

    /// <param name="schema">With its own $defs.</param>
    /// <param name="json">Gets the value.</param>
    public static void Write(JsonElement schema, Utf8JsonWriter json) => Write(schema, schema, json, 0);

    private static void Write(JsonElement schema, JsonElement root, Utf8JsonWriter json, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MostDepth || json.BytesCommitted + json.BytesPending > MostBytes)
        {
            json.WriteNullValue();
        }
        else if (Fixed(schema) is { } value)
        {
            value.WriteTo(json);
        }
        else if (Other(schema, root) is { } other)
        {
            Write(other, root, json, depth + 1);
        }
        else
        {
            WriteOfType(schema, root, json, depth);
        }
    }

    private static JsonElement? Fixed(JsonElement schema) => schema.TryGetProperty("const", out var value) ? value
        : schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0 ? values[0]
        : null;

    /// <summary>The schema that stands for this one: where its $ref points, or the first of several.</summary>
    private static JsonElement? Other(JsonElement schema, JsonElement root)
    {
        if (schema.TryGetProperty("$ref", out var reference) && reference.ValueKind == JsonValueKind.String)
        {
            var found = root;
            foreach (var name in reference.GetString()!.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal), out found))
                {
                    return null;
                }
            }

            return found;
        }

        foreach (var name in (string[])["anyOf", "oneOf", "allOf"])
        {
            if (schema.TryGetProperty(name, out var several) && several.ValueKind == JsonValueKind.Array && several.GetArrayLength() > 0)
            {
                return several[0];
            }
        }

        return null;
    }

    private static void WriteOfType(JsonElement schema, JsonElement root, Utf8JsonWriter json, int depth)
    {
        switch (TypeOf(schema))
        {
            case "object":
                WriteObject(schema, root, json, depth);
                break;
            case "array":
                json.WriteStartArray();
                for (var index = 0; index < Math.Min(Number(schema, "minItems") ?? 1, MostItems); index++)
                {
                    Write(schema.TryGetProperty("items", out var items) ? items : default, root, json, depth + 1);
                }

                json.WriteEndArray();
                break;
            case "integer" or "number":
                json.WriteNumberValue(Number(schema, "minimum") ?? (Number(schema, "exclusiveMinimum") is { } above ? above + 1 : Math.Min(1, Number(schema, "maximum") ?? 1)));
                break;
            case "boolean":
                json.WriteBooleanValue(true);
                break;
            case "null":
                json.WriteNullValue();
                break;
            default:
                json.WriteStringValue("made up".PadRight((int)Math.Min(Number(schema, "minLength") ?? 0, MostLength), '.'));
                break;
        }
    }

    private static void WriteObject(JsonElement schema, JsonElement root, Utf8JsonWriter json, int depth)
    {
        json.WriteStartObject();
        if (schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in required.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String).Select(name => name.GetString()!).Distinct())
            {
                json.WritePropertyName(name);
                Write(properties.TryGetProperty(name, out var property) ? property : default, root, json, depth + 1);
            }
        }

        json.WriteEndObject();
    }

    private static string? TypeOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? "object" : null;
        }

        // ["string", "null"]
        type = type.ValueKind == JsonValueKind.Array && type.GetArrayLength() > 0 ? type[0] : type;
        return type.ValueKind == JsonValueKind.String ? type.GetString() : null;
    }

    private static decimal? Number(JsonElement schema, string name) =>
        schema.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : null;
}
