using System.Text.Json;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// Tools and the choice among them, flat:
/// <code>
/// {"type":"function","function":{"name":"f","parameters":{…}}}    {"type":"function","name":"f","parameters":{…},"strict":false}
/// </code>
/// A function is strict there unless it says that it is not, and in chat the other way round.
/// </summary>
internal static class ResponsesToolsWire
{
    public static void Write(JsonElement chat, Utf8JsonWriter json, ResponsesWire wire)
    {
        if (!ResponsesWire.Has(chat, "tools", out var tools) || tools.ValueKind != JsonValueKind.Array || tools.GetArrayLength() == 0)
        {
            return;
        }

        json.WriteStartArray("tools"u8);
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            WriteTool(tool, $"tools[{index++}]", json, wire);
        }

        json.WriteEndArray();
        if (ResponsesWire.Has(chat, "tool_choice", out var choice))
        {
            WriteChoice(choice, json, wire);
        }
    }

    private static void WriteTool(JsonElement tool, string at, Utf8JsonWriter json, ResponsesWire wire)
    {
        if (!TryGetNamed(tool, out var type, out var inner))
        {
            wire.Unreadable(at);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, type);
        foreach (var member in (ReadOnlySpan<string>)["name", "description"])
        {
            ResponsesWire.CopyIfThere(json, inner, member);
        }

        if (type == "function")
        {
            WriteParameters(inner, json);
        }
        else if (ResponsesWire.Has(inner, "format", out var format) && format.ValueKind == JsonValueKind.Object)
        {
            WriteGrammar(format, json);
        }

        json.WriteEndObject();
    }

    private static void WriteParameters(JsonElement function, Utf8JsonWriter json)
    {
        if (ResponsesWire.Has(function, "parameters", out var parameters))
        {
            ResponsesWire.Copy(json, "parameters", parameters);
        }
        else
        {
            json.WritePropertyName("parameters"u8);
            json.WriteRawValue("""{"type":"object","properties":{}}"""u8, skipInputValidation: true);
        }

        json.WriteBoolean("strict"u8, ResponsesWire.Has(function, "strict", out var strict) && strict.ValueKind == JsonValueKind.True);
    }

    // {"type":"grammar","grammar":{"syntax":"lark","definition":"…"}}
    private static void WriteGrammar(JsonElement format, Utf8JsonWriter json)
    {
        json.WriteStartObject("format"u8);
        ResponsesWire.CopyIfThere(json, format, "type");
        if (ResponsesWire.Has(format, "grammar", out var grammar) && grammar.ValueKind == JsonValueKind.Object)
        {
            ResponsesWire.CopyIfThere(json, grammar, "syntax");
            ResponsesWire.CopyIfThere(json, grammar, "definition");
        }

        json.WriteEndObject();
    }

    private static void WriteChoice(JsonElement choice, Utf8JsonWriter json, ResponsesWire wire)
    {
        if (choice.ValueKind == JsonValueKind.String)
        {
            ResponsesWire.Copy(json, "tool_choice", choice);
            return;
        }

        if (TryGetNamed(choice, out var type, out var named))
        {
            json.WriteStartObject("tool_choice"u8);
            json.WriteString("type"u8, type);
            ResponsesWire.CopyIfThere(json, named, "name");
            json.WriteEndObject();
            return;
        }

        // {"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}
        if (choice.ValueKind != JsonValueKind.Object || !ResponsesWire.Has(choice, "allowed_tools", out var allowed)
            || allowed.ValueKind != JsonValueKind.Object || !ResponsesWire.Has(allowed, "tools", out var tools)
            || tools.ValueKind != JsonValueKind.Array)
        {
            wire.Unreadable("tool_choice");
            return;
        }

        json.WriteStartObject("tool_choice"u8);
        json.WriteString("type"u8, "allowed_tools"u8);
        ResponsesWire.CopyIfThere(json, allowed, "mode");
        json.WriteStartArray("tools"u8);
        foreach (var tool in tools.EnumerateArray())
        {
            if (!TryGetNamed(tool, out type, out named))
            {
                wire.Unreadable("tool_choice.allowed_tools.tools");
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type"u8, type);
            ResponsesWire.CopyIfThere(json, named, "name");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>{"type":"function","function":{…}} or {"type":"custom","custom":{…}}.</summary>
    private static bool TryGetNamed(JsonElement tool, out string type, out JsonElement inner)
    {
        (type, inner) = ("", default);
        if (tool.ValueKind != JsonValueKind.Object || !ResponsesWire.Has(tool, "type", out var written) || written.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        type = written.GetString()!;
        return type is "function" or "custom" && ResponsesWire.Has(tool, type, out inner) && inner.ValueKind == JsonValueKind.Object;
    }
}
