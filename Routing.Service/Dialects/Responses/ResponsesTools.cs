using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Responses;

/// <summary>Tools, the choice among them, and the form of the text: flat in Responses, a level deeper in chat.</summary>
internal static class ResponsesTools
{
    public static void Write(JsonElement body, ResponsesTranslation translation)
    {
        if (!translation.Has(body, "tools", "", JsonValueKind.Array, out var tools) || tools.GetArrayLength() == 0)
        {
            return;
        }

        var json = translation.Json;
        json.WriteStartArray("tools"u8);
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            WriteTool(tool, $"tools[{index++}]", translation);
        }

        json.WriteEndArray();
        translation.CopyIfSaid(body, "parallel_tool_calls");
        if (ResponsesTranslation.Says(body, "tool_choice"))
        {
            WriteChoice(body.GetProperty("tool_choice"), translation);
        }
    }

    /// <summary>"text": {"format":{"type":"json_schema","name":"x","schema":{…},"strict":true},"verbosity":"low"}</summary>
    public static void WriteFormat(JsonElement body, ResponsesTranslation translation)
    {
        if (!translation.Has(body, "text", "", JsonValueKind.Object, out var text))
        {
            return;
        }

        translation.CopyIfSaid(text, "verbosity");
        if (!translation.Has(text, "format", "text", JsonValueKind.Object, out var format)
            || !translation.Needs(format, "type", "text.format", JsonValueKind.String, out var type))
        {
            return;
        }

        var json = translation.Json;
        switch (type.GetString())
        {
            case "text":
                break;
            case "json_object":
                translation.Copy("response_format"u8, format);
                break;
            case "json_schema":
                json.WriteStartObject("response_format"u8);
                json.WriteString("type"u8, "json_schema"u8);
                json.WriteStartObject("json_schema"u8);
                if (translation.Needs(format, "name", "text.format", JsonValueKind.String, out var name)
                    && translation.Needs(format, "schema", "text.format", JsonValueKind.Object, out var schema))
                {
                    translation.Copy("name"u8, name);
                    translation.CopyIfSaid(format, "description");
                    translation.Copy("schema"u8, schema);
                    translation.CopyIfSaid(format, "strict");
                }

                json.WriteEndObject();
                json.WriteEndObject();
                break;
            default:
                translation.Invalid("text.format.type", "text, json_object or json_schema");
                break;
        }
    }

    private static void WriteTool(JsonElement tool, string at, ResponsesTranslation translation)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid(at, "an object");
            return;
        }

        if (!translation.Needs(tool, "type", at, JsonValueKind.String, out var type))
        {
            return;
        }

        switch (type.GetString())
        {
            case "function":
                WriteFunction(tool, at, translation);
                break;
            case "custom" when translation.Needs(tool, "name", at, JsonValueKind.String, out _):
                // A tool whose input is plain text: few chat APIs have them.
                translation.OnlyNative($"{at}.type");
                break;
            case "custom":
                break;
            case var name:
                translation.Refuse($"{at}.type", $"'{name}' runs at OpenAI. Only tools of your own, of the type function or custom, can be called.");
                break;
        }
    }

    private static void WriteFunction(JsonElement tool, string at, ResponsesTranslation translation)
    {
        if (!translation.Needs(tool, "name", at, JsonValueKind.String, out var name))
        {
            return;
        }

        var json = translation.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        translation.Copy("name"u8, name);
        if (translation.Has(tool, "description", at, JsonValueKind.String, out var description))
        {
            translation.Copy("description"u8, description);
        }

        if (translation.Has(tool, "parameters", at, JsonValueKind.Object, out var parameters))
        {
            translation.Copy("parameters"u8, parameters);
        }

        translation.CopyIfSaid(tool, "strict");
        json.WriteEndObject();
        translation.CopyIfSaid(tool, "cache_control");
        json.WriteEndObject();
    }

    // "auto", {"type":"function","name":"f"} or {"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}
    private static void WriteChoice(JsonElement choice, ResponsesTranslation translation)
    {
        var json = translation.Json;
        if (choice.ValueKind == JsonValueKind.String)
        {
            translation.Copy("tool_choice"u8, choice);
            return;
        }

        if (choice.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid("tool_choice", "a string or an object");
            return;
        }

        if (!translation.Needs(choice, "type", "tool_choice", JsonValueKind.String, out var type))
        {
            return;
        }

        switch (type.GetString())
        {
            case "function":
                json.WritePropertyName("tool_choice"u8);
                WriteNamed(choice, "tool_choice", translation);
                break;
            case "allowed_tools" when translation.Needs(choice, "tools", "tool_choice", JsonValueKind.Array, out var tools):
                json.WriteStartObject("tool_choice"u8);
                json.WriteString("type"u8, "allowed_tools"u8);
                json.WriteStartObject("allowed_tools"u8);
                translation.CopyIfSaid(choice, "mode");
                json.WriteStartArray("tools"u8);
                var index = 0;
                foreach (var tool in tools.EnumerateArray())
                {
                    WriteNamed(tool, $"tool_choice.tools[{index++}]", translation);
                }

                json.WriteEndArray();
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case "allowed_tools":
                break;
            case "custom":
                translation.OnlyNative("tool_choice.type");
                break;
            default:
                translation.Refuse("tool_choice.type", "only function, custom and allowed_tools can be chosen.");
                break;
        }
    }

    private static void WriteNamed(JsonElement tool, string at, ResponsesTranslation translation)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            translation.Invalid(at, "an object");
        }
        else if (translation.Needs(tool, "name", at, JsonValueKind.String, out var name))
        {
            translation.Json.WriteStartObject();
            translation.Json.WriteString("type"u8, "function"u8);
            translation.Json.WriteStartObject("function"u8);
            translation.Copy("name"u8, name);
            translation.Json.WriteEndObject();
            translation.Json.WriteEndObject();
        }
    }
}
