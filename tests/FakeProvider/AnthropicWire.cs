using System.Globalization;
using Microsoft.AspNetCore.Http;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>Anthropic's Messages JSON (docs.claude.com/en/api/messages-streaming), field by field as api.anthropic.com sends it.</summary>
internal sealed class AnthropicWire(ProviderCall call, Script script) : Wire(call, script)
{
    private bool _pinged;

    public override bool Generates => Call.Endpoint == Endpoint.Messages;

    public override bool BeginsAtOnce => true;

    public override string KeepAlive => Event("ping", """{"type": "ping"}""");

    public override string Garbage =>
        Event("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_del""") + Event("message_stop", """{"type":"message_stop"}""");

    public static string Models(IEnumerable<string> names)
    {
        var data = string.Join(',', names.Select(name =>
            $$"""{"type":"model","id":{{Quote(name)}},"display_name":{{Quote(name)}},"created_at":"2026-01-01T00:00:00Z"}"""));
        return $$"""{"data":[{{data}}],"has_more":false,"first_id":{{Quote(names.FirstOrDefault())}},"last_id":{{Quote(names.LastOrDefault())}}}""";
    }

    public override void AddHeaders(IHeaderDictionary headers)
    {
        headers["request-id"] = RequestId;
        headers["anthropic-organization-id"] = "00000000-0000-4000-8000-00000000fa4e";
        foreach (var (name, limit) in new[] { ("requests", 4000), ("tokens", 4_400_000), ("input-tokens", 4_000_000), ("output-tokens", 400_000) })
        {
            headers[$"anthropic-ratelimit-{name}-limit"] = limit.ToString(CultureInfo.InvariantCulture);
            headers[$"anthropic-ratelimit-{name}-remaining"] = (limit - 1).ToString(CultureInfo.InvariantCulture);
            headers[$"anthropic-ratelimit-{name}-reset"] = "2026-01-01T00:00:01Z";
        }
    }

    public override string Begin() => Event("message_start",
        $$"""{"type":"message_start","message":{{Message("", stop: null, StartUsage())}}}""");

    public override string Open(Block block)
    {
        var start = Event("content_block_start", $$"""{"type":"content_block_start","index":{{block.Index}},"content_block":{{Content(block, whole: false)}}}""");
        if (_pinged)
        {
            return start;
        }

        _pinged = true;
        return start + KeepAlive;
    }

    public override string Piece(Block block, string piece) => Delta(block, block.Kind switch
    {
        BlockKind.Thinking => $$"""{"type":"thinking_delta","thinking":{{Quote(piece)}}}""",
        BlockKind.ToolCall => $$"""{"type":"input_json_delta","partial_json":{{Quote(piece)}}}""",
        _ => $$"""{"type":"text_delta","text":{{Quote(piece)}}}""",
    });

    public override string Close(Block block)
    {
        var signed = block is { Kind: BlockKind.Thinking, Complete: true } && Script.Signature is { } signature
            ? Delta(block, $$"""{"type":"signature_delta","signature":{{Quote(signature)}}}""")
            : "";
        return signed + Event("content_block_stop", $$"""{"type":"content_block_stop","index":{{block.Index}}}""");
    }

    public override string Finish(Answer answer)
    {
        var usage = Script.Usage is UsagePlacement.Never or UsagePlacement.FirstChunk ? "" : $",\"usage\":{Usage(details: false)}";
        return Event("message_delta", $$$"""{"type":"message_delta","delta":{{{{Ended(answer)}}}}{{{usage}}}}""")
            + (Script.Ending == Ending.Done ? Event("message_stop", """{"type":"message_stop"}""") : "");
    }

    public override string Whole(Answer answer) => Call.Endpoint == Endpoint.CountTokens
        ? $$"""{"input_tokens":{{Call.PromptTokens}}}"""
        : Message(
            string.Join(',', answer.Blocks.Select(block => Content(block, whole: true))), answer,
            Script.Usage == UsagePlacement.Never ? "null" : Usage(details: true));

    public override string Error(ProviderError error) =>
        $$$"""{"type":"error","error":{"type":{{{Quote(error.Type ?? TypeOf(error.Status))}}},"message":{{{Quote(error.Message)}}}},"request_id":{{{Quote(RequestId)}}}}""";

    public override string ErrorEvent(ProviderError error) => Event("error", Error(error));

    public override ProviderError Of(Fault fault) => fault switch
    {
        Fault.Malformed => new(400, "The request body is not valid JSON: unexpected end of data: line 1 column 1 (char 0)"),
        Fault.PromptTooLong => new(400, "prompt is too long: 208310 tokens > 200000 maximum"),
        Fault.ContentPolicy => new(400, "Output blocked by content filtering policy"),
        Fault.WrongKey => new(401, "invalid x-api-key"),
        Fault.NoKey => new(401, "x-api-key header is required"),
        Fault.Forbidden => new(403, "Request not allowed"),
        Fault.UnknownModel => new(404, "model: " + Call.Model),
        Fault.RateLimited => new(429, "This request would exceed your organization's rate limit of 4,000 requests per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits."),
        Fault.CreditSpent => new(400, "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."),
        Fault.Overloaded => new(529, "Overloaded"),
        Fault.Internal => new(500, "Internal server error"),
        Fault.TooLarge => new(413, "Request exceeds the maximum size"),
        Fault.Timeout => new(504, "Request timed out"),
        Fault.Prefill => new(400, "This model does not support assistant message prefill. The conversation must end with a user message."),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault that has words."),
    };

    private string RequestId => "req_fake" + Number;

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    private string Message(string content, Answer? stop, string usage) =>
        $$"""{"model":{{Quote(Call.Model)}},"id":"msg_fake{{Number}}","type":"message","role":"assistant","content":[{{content}}],{{Ended(stop)}}{{(usage == "null" ? "" : $",\"usage\":{usage}")}}}""";

    private string Ended(Answer? answer)
    {
        var reason = answer is null ? null : Script.FinishReason ?? answer.Stop switch
        {
            Stop.MaxTokens => "max_tokens",
            Stop.StopSequence => "stop_sequence",
            Stop.Refusal => "refusal",
            Stop.ContextFull => "model_context_window_exceeded",
            Stop.Pause => "pause_turn",
            _ => answer.CallsTools ? "tool_use" : "end_turn",
        };
        var sequence = reason == "stop_sequence" ? Call.Json.Member("stop_sequences").Items().Select(item => item.GetString()).FirstOrDefault() : null;
        var details = reason == "refusal" ? """{"type":"refusal","category":null,"explanation":null}""" : "null";
        return $"\"stop_reason\":{Quote(reason)},\"stop_sequence\":{Quote(sequence)},\"stop_details\":{details}";
    }

    private string Content(Block block, bool whole) => block.Kind switch
    {
        BlockKind.Thinking => $$"""{"type":"thinking","thinking":{{Quote(whole ? block.Whole : "")}},"signature":{{Quote(whole ? Script.Signature ?? "" : "")}}}""",
        BlockKind.RedactedThinking => $$"""{"type":"redacted_thinking","data":{{Quote(Script.RedactedThinking)}}}""",
        BlockKind.ToolCall =>
            $$"""{"type":"tool_use","id":{{Quote(Id(block))}},"name":{{Quote(block.Tool!.Name)}},"input":{{(whole && block is { Complete: true, Whole.Length: > 0 } ? block.Whole : "{}")}}}""",
        _ => $$"""{"type":"text","text":{{Quote(whole ? block.Whole : "")}}}""",
    };

    private string Id(Block block) => block.Tool!.Id ?? string.Create(CultureInfo.InvariantCulture, $"toolu_fake{Number}x{block.ToolIndex}");

    private string Delta(Block block, string delta)
    {
        var usage = Script.Usage == UsagePlacement.EveryChunk ? $",\"usage\":{Usage(details: false)}" : "";
        return Event("content_block_delta", $$"""{"type":"content_block_delta","index":{{block.Index}},"delta":{{delta}}{{usage}}}""");
    }

    /// <summary>The first figure of output is one token that nobody has seen yet: what counts comes with message_delta.</summary>
    private string StartUsage() => Script.Usage switch
    {
        UsagePlacement.Never or UsagePlacement.FinishChunk => "null",
        UsagePlacement.FirstChunk => Usage(details: true),
        _ => Usage(details: true, output: 1),
    };

    private string Usage(bool details, long? output = null)
    {
        var input = Math.Max(0, Call.PromptTokens - Call.CachedTokens - Call.CacheWriteTokens);
        var kept = details
            ? $$""","cache_creation":{"ephemeral_5m_input_tokens":{{Call.CacheWriteTokens - Script.CacheWrite1hTokens}},"ephemeral_1h_input_tokens":{{Script.CacheWrite1hTokens}}}"""
            : "";
        var thinking = output is null && Call.ReasoningTokens > 0 ? $$""","output_tokens_details":{"thinking_tokens":{{Call.ReasoningTokens}}}""" : "";
        var tier = details ? ",\"service_tier\":\"standard\"" : "";
        return $$"""{"input_tokens":{{input}},"cache_creation_input_tokens":{{Call.CacheWriteTokens}},"cache_read_input_tokens":{{Call.CachedTokens}}{{kept}},"output_tokens":{{output ?? Call.CompletionTokens}}{{thinking}}{{tier}}}""";
    }

    private string Event(string name, string data) => Script.Accents
        ? $": comment\r\n\r\nevent:{name}\r\ndata:{data}\r\n\r\n"
        : $"event: {name}\ndata: {data}\n\n";
}
