using System.Text.Json;

namespace LlmGateway.Routing.Dialects.Messages;

/// <summary>What a request says beside its messages and tools.</summary>
internal static class MessagesSettings
{
    // Budgets of thinking have no counterpart but three words.
    private const long LowBudget = 4096;
    private const long MediumBudget = 16_384;

    public static void Write(JsonElement body, MessagesTranslation translation)
    {
        translation.CopyIfThere("temperature"u8, body, "temperature", JsonValueKind.Number);
        translation.CopyIfThere("top_p"u8, body, "top_p", JsonValueKind.Number);
        translation.CopyIfThere("top_k"u8, body, "top_k", JsonValueKind.Number);
        WriteStop(body, translation);
        WriteUser(body, translation);
        WriteTier(body, translation);
        WriteEffort(body, translation);
        WriteFormat(body, translation);
    }

    private static void WriteStop(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Has(body, "stop_sequences", JsonValueKind.Array, out var sequences) || sequences.GetArrayLength() == 0)
        {
            return;
        }

        if (sequences.EnumerateArray().Any(sequence => sequence.ValueKind != JsonValueKind.String))
        {
            translation.Invalid("stop_sequences", "an array of strings");
        }

        translation.Copy("stop"u8, sequences);
    }

    private static void WriteUser(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Has(body, "metadata", JsonValueKind.Object, out var metadata))
        {
            return;
        }

        translation.Path.Enter("metadata");
        translation.CopyIfThere("user"u8, metadata, "user_id", JsonValueKind.String);
        translation.Path.Leave();
    }

    private static void WriteTier(JsonElement body, MessagesTranslation translation)
    {
        if (!translation.Has(body, "service_tier", JsonValueKind.String, out var tier))
        {
            return;
        }

        if (tier.ValueEquals("auto") || tier.ValueEquals("standard_only"))
        {
            translation.Json.WriteString("service_tier"u8, tier.ValueEquals("standard_only") ? "default"u8 : "auto"u8);
        }
        else
        {
            // Tiers have prices of their own.
            translation.Invalid("service_tier", "'auto' or 'standard_only'");
        }
    }

    // {"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}, {"thinking":{"type":"enabled","budget_tokens":16000}} or {"type":"disabled"}
    private static void WriteEffort(JsonElement body, MessagesTranslation translation)
    {
        var effort = "";
        if (translation.Has(body, "thinking", JsonValueKind.Object, out var thinking))
        {
            // As LiteLLM's users write it, for providers that know it.
            translation.Copy("thinking"u8, thinking);
            translation.Path.Enter("thinking");
            effort = Thinking(thinking, translation);
            translation.Path.Leave();
        }

        if (effort != "none" && translation.Has(body, "output_config", JsonValueKind.Object, out var output))
        {
            translation.Path.Enter("output_config");
            effort = translation.Has(output, "effort", JsonValueKind.String, out var wanted) ? wanted.GetString()! : effort;
            translation.Path.Leave();
        }

        if (effort.Length > 0)
        {
            translation.Json.WriteString("reasoning_effort"u8, effort);
        }
    }

    private static string Thinking(JsonElement thinking, MessagesTranslation translation)
    {
        if (!translation.Needs(thinking, "type", JsonValueKind.String, out var type))
        {
            return "";
        }

        if (type.ValueEquals("disabled"))
        {
            return "none";
        }

        // "adaptive" leaves it to the model, as does a chat request without an effort.
        if (!type.ValueEquals("enabled") || !translation.Needs(thinking, "budget_tokens", JsonValueKind.Number, out var budget))
        {
            return "";
        }

        if (!budget.TryGetInt64(out var tokens) || tokens < 1)
        {
            translation.Invalid("budget_tokens", "a whole number of at least 1");
        }

        return tokens <= LowBudget ? "low" : tokens <= MediumBudget ? "medium" : "high";
    }

    // {"output_config":{"format":{"type":"json_schema","schema":{…}}}}; before that there was {"output_format":{…}}.
    private static void WriteFormat(JsonElement body, MessagesTranslation translation)
    {
        if (translation.Has(body, "output_config", JsonValueKind.Object, out var output)
            && output.TryGetProperty("format", out var format) && format.ValueKind != JsonValueKind.Null)
        {
            translation.Path.Enter("output_config");
            WriteFormat(output, "format", translation);
            translation.Path.Leave();
        }
        else
        {
            WriteFormat(body, "output_format", translation);
        }
    }

    private static void WriteFormat(JsonElement parent, string member, MessagesTranslation translation)
    {
        if (!translation.Has(parent, member, JsonValueKind.Object, out var format))
        {
            return;
        }

        translation.Path.Enter(member);
        if (translation.Needs(format, "type", JsonValueKind.String, out var type) && !type.ValueEquals("json_schema"))
        {
            translation.OnlyNative("type");
        }
        else if (translation.Needs(format, "schema", JsonValueKind.Object, out var schema))
        {
            translation.Json.WriteStartObject("response_format"u8);
            translation.Json.WriteString("type"u8, "json_schema"u8);
            translation.Json.WriteStartObject("json_schema"u8);
            translation.Json.WriteString("name"u8, "output"u8);
            translation.Json.WriteBoolean("strict"u8, true);
            translation.Copy("schema"u8, schema);
            translation.Json.WriteEndObject();
            translation.Json.WriteEndObject();
        }

        translation.Path.Leave();
    }
}
