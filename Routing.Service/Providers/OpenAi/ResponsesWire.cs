using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using LlmGateway.Routing.Dialects.Responses;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// A chat request as a body of OpenAI's Responses API. Nothing is stored there: what the model thought comes along encrypted, goes to the
/// client as "reasoning_items" of its message, and back from there. What Responses has no place for is refused by its name, or left out where
/// the deployment says so; what only tunes a model that does not think is left out for one that does.
/// </summary>
internal sealed class ResponsesWire(ProviderRequest request)
{
    private static readonly string[] Alike =
    [
        "parallel_tool_calls", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier", "metadata",
    ];

    /// <summary>They change the answer, and Responses has nothing like them.</summary>
    private static readonly string[] Lacking =
        ["stop", "audio", "prediction", "functions", "function_call", "web_search_options", "logit_bias", "presence_penalty", "frequency_penalty"];

    private string? _unsupported;

    /// <returns>The field that cannot be done; null when the body is written.</returns>
    public string? Write(IBufferWriter<byte> output)
    {
        using var document = JsonDocument.Parse(request.Chat.Body);
        using var json = new Utf8JsonWriter(output, EventWriter.Options);
        var chat = document.RootElement;
        var reasons = ResponsesModel.Reasons(request.Deployment.UpstreamModel);
        Check(chat, reasons);
        json.WriteStartObject();
        json.WriteString("model"u8, request.Deployment.UpstreamModel);
        json.WriteBoolean("stream"u8, request.Stream);
        json.WriteBoolean("store"u8, false);
        if (reasons)
        {
            json.WriteStartArray("include"u8);
            json.WriteStringValue("reasoning.encrypted_content"u8);
            json.WriteEndArray();
        }

        WriteMaximum(chat, json);
        WriteSettings(chat, reasons, json);
        ResponsesToolsWire.Write(chat, json, this);
        WriteFormat(chat, json);
        json.WriteStartArray("input"u8);
        new ResponsesItems(json, this).Write(chat.GetProperty("messages"));
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return _unsupported;
    }

    /// <summary>A field that Responses has no place for.</summary>
    public void Refuse(string param) => _unsupported ??= request.Deployment.DropParams ? null : param;

    /// <summary>Whatever the deployment says: without it, the request would be another one.</summary>
    public void Unreadable(string param) => _unsupported ??= param;

    /// <summary>A member that is there and not null.</summary>
    public static bool Has(JsonElement parent, string member, out JsonElement value) =>
        parent.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null;

    public static void Copy(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    public static void CopyIfThere(Utf8JsonWriter json, JsonElement parent, string member)
    {
        if (Has(parent, member, out var value))
        {
            Copy(json, member, value);
        }
    }

    private void Check(JsonElement chat, bool reasons)
    {
        if (Has(chat, "n", out var n) && !(n.TryGetInt32(out var count) && count == 1))
        {
            Refuse("n");
        }

        if (Has(chat, "logprobs", out var logprobs) && logprobs.ValueKind == JsonValueKind.True)
        {
            Refuse("logprobs");
        }

        if (Has(chat, "modalities", out var modalities) && modalities.ValueKind == JsonValueKind.Array
            && modalities.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || !item.ValueEquals("text"u8)))
        {
            Refuse("modalities");
        }

        foreach (var member in Lacking.Where(member => Has(chat, member, out var value) && !IsNeutral(value)
            && !(reasons && member is "logit_bias" or "presence_penalty" or "frequency_penalty")))
        {
            Refuse(member);
        }
    }

    private static bool IsNeutral(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private void WriteMaximum(JsonElement chat, Utf8JsonWriter json)
    {
        if (Has(chat, "max_completion_tokens", out var maximum) || Has(chat, "max_tokens", out maximum))
        {
            Copy(json, "max_output_tokens", maximum);
        }
        else if (request.MaxTokens is { } held)
        {
            json.WriteNumber("max_output_tokens"u8, held);
        }
    }

    private void WriteSettings(JsonElement chat, bool reasons, Utf8JsonWriter json)
    {
        foreach (var member in Alike)
        {
            CopyIfThere(json, chat, member);
        }

        var asked = Has(chat, "reasoning_effort", out var written) && written.ValueKind == JsonValueKind.String ? written.GetString() : null;
        var effort = OpenAiModel.Of(request.Deployment) is { } model ? model.Effort(asked, hasTools: false) : asked;
        if (effort is not null)
        {
            json.WriteStartObject("reasoning"u8);
            json.WriteString("effort"u8, effort);
            json.WriteEndObject();
        }

        if (!reasons || effort == OpenAiModel.NoEffort)
        {
            CopyIfThere(json, chat, "temperature");
            CopyIfThere(json, chat, "top_p");
        }
    }

    // {"type":"json_schema","json_schema":{"name":"x","schema":{…},"strict":true}} is flat there.
    private static void WriteFormat(JsonElement chat, Utf8JsonWriter json)
    {
        var hasFormat = Has(chat, "response_format", out var format) && format.ValueKind == JsonValueKind.Object;
        var hasVerbosity = Has(chat, "verbosity", out var verbosity);
        if (!hasFormat && !hasVerbosity)
        {
            return;
        }

        json.WriteStartObject("text"u8);
        if (hasFormat)
        {
            json.WriteStartObject("format"u8);
            CopyIfThere(json, format, "type");
            if (Has(format, "json_schema", out var schema) && schema.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in (ReadOnlySpan<string>)["name", "description", "schema", "strict"])
                {
                    CopyIfThere(json, schema, member);
                }
            }

            json.WriteEndObject();
        }

        if (hasVerbosity)
        {
            Copy(json, "verbosity", verbosity);
        }

        json.WriteEndObject();
    }
}
