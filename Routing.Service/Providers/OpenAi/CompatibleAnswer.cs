using System.Text;
using System.Text.Json.Nodes;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers.OpenAi;

/// <summary>
/// An answer of a server that speaks OpenAI's wire in its own way. Its bytes pass as they are but for what clients stumble over:
/// <code>
/// "role":""                                     the AI SDK fails the chunk          → "assistant"
/// "tool_calls":[{"id":"c1","function":{…}}]     without index, clients drop the call → the next index, or the last one's of a piece without id
/// "finish_reason":"stop" after tool calls       clients do not run them              → "tool_calls"
/// </code>
/// </summary>
internal sealed class CompatibleAnswer(Deployment deployment) : IAnswerTranslator
{
    private int _nextTool;
    private bool _hasTools;

    public CallFault? Translate(in SseEvent item, ChatEvents output)
    {
        var json = item.Data.Span;
        if (item.Bare)
        {
            return ChatChunk.TryRead(json, out var chunk) && chunk.Error is { } error
                ? OpenAiErrors.ClassifyEvent(json[error], deployment)
                : new CallFault(CallFailure.ProviderError, $"{deployment.Provider} sent text that is no event.");
        }

        if (NeedsMending(json) && JsonNode.Parse(json) is JsonObject mended && Mend(mended, "delta"))
        {
            output.Raw(Encoding.UTF8.GetBytes(mended.ToJsonString()));
        }
        else
        {
            output.Raw(json);
        }

        return null;
    }

    public (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer) =>
        answer.Span.IndexOf("\"tool_calls\""u8) >= 0 && JsonNode.Parse(answer.Span) is JsonObject mended && Mend(mended, "message")
            ? (Encoding.UTF8.GetBytes(mended.ToJsonString()), null)
            : (answer, null);

    // A look at the bytes, because nearly every chunk is right: one that has an index for its choice and one for its tool call is.
    private bool NeedsMending(ReadOnlySpan<byte> json)
    {
        var tools = json.IndexOf("\"tool_calls\":["u8) >= 0 || json.IndexOf("\"tool_calls\": ["u8) >= 0;
        _hasTools |= tools && json.IndexOf("\"function\""u8) >= 0;
        return json.IndexOf("\"role\":\"\""u8) >= 0 || json.IndexOf("\"role\": \"\""u8) >= 0
            || (tools && json.Count("\"index\""u8) < 2)
            || (_hasTools && json.IndexOf("\"stop\""u8) >= 0);
    }

    /// <returns>Whether anything was changed.</returns>
    private bool Mend(JsonObject json, string member)
    {
        var changed = false;
        foreach (var choice in (json["choices"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var message = choice[member] as JsonObject;
            if (message?["role"] is JsonValue role && role.TryGetValue<string>(out var name) && name.Length == 0)
            {
                message["role"] = "assistant";
                changed = true;
            }

            var calls = (message?["tool_calls"] as JsonArray ?? []).OfType<JsonObject>().ToList();
            changed |= member == "delta" && calls.Select(Index).ToList().Contains(true);
            _hasTools |= calls.Count > 0;
            if (_hasTools && choice["finish_reason"] is JsonValue reason && reason.TryGetValue<string>(out var finish) && finish == "stop")
            {
                choice["finish_reason"] = "tool_calls";
                changed = true;
            }
        }

        return changed;
    }

    private bool Index(JsonObject call)
    {
        if (call["index"] is JsonValue value && value.TryGetValue<int>(out var index))
        {
            _nextTool = Math.Max(_nextTool, index + 1);
            return false;
        }

        call["index"] = call["id"] is null && _nextTool > 0 ? _nextTool - 1 : _nextTool++;
        return true;
    }
}
