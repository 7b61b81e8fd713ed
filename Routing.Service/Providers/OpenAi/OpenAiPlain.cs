using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// A chat request that was made of Anthropic's Messages, without what only other providers know: OpenAI refuses members that it does not know. Clients of OpenAI's own APIs get what they wrote.
/// <code>
/// left out: thinking, top_k; of messages thinking_blocks, is_error and cache_control; of parts and tools cache_control; of stop what is beyond 4
/// and reasoning_effort for those of OpenAI's own models that do not reason
/// </code>
/// </summary>
internal static class OpenAiPlain
{
    private const int MostStops = 4;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ProviderRequest Of(ProviderRequest request)
    {
        if (request.Client.Dialect != Dialect.AnthropicMessages)
        {
            return request;
        }

        var body = request.Chat.Body;
        using var document = JsonDocument.Parse(body);
        var output = new ArrayBufferWriter<byte>(body.Length);
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        foreach (var member in document.RootElement.EnumerateObject())
        {
            Write(member, request.Deployment, json);
        }

        json.WriteEndObject();
        json.Flush();
        return ChatRequest.Read(output.WrittenMemory, out var problem, out _) is { } chat
            ? request with { Prompt = chat }
            : throw new InvalidOperationException($"A chat request without its extensions is none: {problem}");
    }

    private static void Write(JsonProperty member, Deployment deployment, Utf8JsonWriter json)
    {
        var (name, value) = (member.Name, member.Value);
        switch (name)
        {
            case "thinking" or "top_k":
            case "reasoning_effort" when NeverReasons(deployment):
                break;
            case "stop" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > MostStops:
                WriteAll(name, value.EnumerateArray().Take(MostStops), Copy, json);
                break;
            case "messages":
                WriteAll(name, value.EnumerateArray(), WriteMessage, json);
                break;
            case "tools":
                WriteAll(name, value.EnumerateArray(), WriteUnmarked, json);
                break;
            default:
                Copy(name, value, json);
                break;
        }
    }

    private static bool NeverReasons(Deployment deployment) =>
        deployment.Provider is ProviderName.OpenAi or ProviderName.Azure && OpenAiModel.Of(deployment) is null;

    private static void WriteMessage(JsonElement message, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var member in message.EnumerateObject())
        {
            if (member.Name == "content" && member.Value.ValueKind == JsonValueKind.Array)
            {
                WriteAll(member.Name, member.Value.EnumerateArray(), WriteUnmarked, json);
            }
            else if (member.Name is not ("thinking_blocks" or "is_error" or "cache_control"))
            {
                Copy(member.Name, member.Value, json);
            }
        }

        json.WriteEndObject();
    }

    private static void WriteUnmarked(JsonElement part, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var member in part.EnumerateObject().Where(member => member.Name != "cache_control"))
        {
            Copy(member.Name, member.Value, json);
        }

        json.WriteEndObject();
    }

    private static void WriteAll(string name, IEnumerable<JsonElement> items, Action<JsonElement, Utf8JsonWriter> write, Utf8JsonWriter json)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            write(item, json);
        }

        json.WriteEndArray();
    }

    private static void Copy(string name, JsonElement value, Utf8JsonWriter json)
    {
        json.WritePropertyName(name);
        Copy(value, json);
    }

    private static void Copy(JsonElement value, Utf8JsonWriter json) => json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
}
