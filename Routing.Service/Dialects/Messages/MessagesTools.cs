using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>The client's own tools become functions. Tools of Anthropic's making have no counterpart.</summary>
internal static class MessagesTools
{
    // What runs at Anthropic costs by the use, asks other models, or reads what nobody has held money for; so may what is not known yet.
    private static readonly string[] ClientTools = ["bash_", "text_editor_", "computer_", "memory_", "tool_search_"];

    public static void Write(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Has(body, "tools", JsonValueKind.Array, out var tools) || tools.GetArrayLength() == 0)
        {
            return;
        }

        translation.HasTools = true;
        var written = 0;
        translation.Path.Enter("tools");
        translation.Path.Enter(-1);
        foreach (var tool in tools.EnumerateArray())
        {
            translation.Path.Step();
            if (tool.ValueKind != JsonValueKind.Object)
            {
                translation.Invalid(null, "an object");
            }
            else if (translation.Has(tool, "type", JsonValueKind.String, out var type) && !type.ValueEquals("custom"))
            {
                Refuse(type.GetString()!, translation);
            }
            else
            {
                Begin(written++, translation);
                WriteTool(tool, translation);
            }
        }

        translation.Path.Leave();
        translation.Path.Leave();
        if (written > 0)
        {
            translation.Json.WriteEndArray();
            WriteChoice(body, translation);
        }
    }

    private static void Refuse(string type, MessagesTranslation translation)
    {
        if (ClientTools.Any(tool => type.StartsWith(tool, StringComparison.Ordinal)))
        {
            translation.OnlyNative("type");
        }
        else
        {
            translation.Invalid("type", "'custom' or a tool that the client runs");
        }
    }

    private static void Begin(int written, MessagesTranslation translation)
    {
        if (written == 0)
        {
            translation.Json.WriteStartArray("tools"u8);
        }
    }

    private static void WriteTool(JsonElement tool, MessagesTranslation translation)
    {
        var json = translation.Json;
        json.WriteStartObject();
        json.WriteString("type"u8, "function"u8);
        json.WriteStartObject("function"u8);
        if (translation.Needs(tool, "name", JsonValueKind.String, out var name))
        {
            translation.Copy("name"u8, name);
        }

        translation.CopyIfThere("description"u8, tool, "description", JsonValueKind.String);
        if (translation.Needs(tool, "input_schema", JsonValueKind.Object, out var schema))
        {
            translation.Copy("parameters"u8, schema);
        }

        if (MessagesTranslation.IsTrue(tool, "strict"))
        {
            json.WriteBoolean("strict"u8, true);
        }

        json.WriteEndObject();
        translation.CopyIfThere("cache_control"u8, tool, "cache_control", JsonValueKind.Object);
        json.WriteEndObject();
    }

    // {"type":"auto"|"any"|"none"|"tool","name":"…","disable_parallel_tool_use":true}
    private static void WriteChoice(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Has(body, "tool_choice", JsonValueKind.Object, out var choice))
        {
            return;
        }

        translation.Path.Enter("tool_choice");
        if (translation.Needs(choice, "type", JsonValueKind.String, out var type))
        {
            WriteChoice(type.GetString()!, choice, translation);
        }

        translation.Path.Leave();
        if (MessagesTranslation.IsTrue(choice, "disable_parallel_tool_use"))
        {
            translation.Json.WriteBoolean("parallel_tool_calls"u8, false);
        }
    }

    private static void WriteChoice(string type, JsonElement choice, MessagesTranslation translation)
    {
        var json = translation.Json;
        switch (type)
        {
            case "auto" or "none":
                json.WriteString("tool_choice"u8, type);
                break;
            case "any":
                json.WriteString("tool_choice"u8, "required"u8);
                break;
            case "tool" when translation.Needs(choice, "name", JsonValueKind.String, out var name):
                json.WriteStartObject("tool_choice"u8);
                json.WriteString("type"u8, "function"u8);
                json.WriteStartObject("function"u8);
                translation.Copy("name"u8, name);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case "tool":
                break;
            default:
                translation.Invalid("type", "'auto', 'any', 'none' or 'tool'");
                break;
        }
    }
}
