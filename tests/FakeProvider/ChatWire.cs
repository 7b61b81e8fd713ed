using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>OpenAI's chat JSON, field by field as api.openai.com sends it.</summary>
internal sealed class ChatWire(ProviderCall call, Script script) : Wire(call, script)
{
    private const long Created = 1_763_683_200;

    public override string KeepAlive => ": OPENROUTER PROCESSING\n\n";

    public override string Garbage => Event("""{"id":"chatcmpl-x","choices":[{"delta":{"content":"brok""") + Event("[DONE]");

    private string Head { get; } =
        $"\"id\":\"chatcmpl-fake{call.Id.ToString(CultureInfo.InvariantCulture)}\",\"object\":\"{(call.Stream ? "chat.completion.chunk" : "chat.completion")}\","
        + string.Create(CultureInfo.InvariantCulture, $"\"created\":{Created},\"model\":{Quote(call.Model + "-2026-01-01")}");

    public static string Models(IEnumerable<string> names) =>
        """{"object":"list","data":["""
        + string.Join(',', names.Select(name => string.Create(CultureInfo.InvariantCulture, $$$"""{"id":{{{Quote(name)}}},"object":"model","created":{{{Created}}},"owned_by":"fake"}""")))
        + "]}";

    public override void AddHeaders(IHeaderDictionary headers)
    {
        headers["x-request-id"] = "req_fake" + Number;
        headers["openai-processing-ms"] = "12";
        headers["openai-version"] = "2020-10-01";
    }

    public override string Begin() =>
        (Script.Usage == UsagePlacement.FirstChunk ? UsageChunk() : "") + Chunk("""{"role":"assistant","content":"","refusal":null}""", finish: null, UsageOnContent());

    public override string Open(Block block) => block.Kind != BlockKind.ToolCall ? "" : Chunk(
        $$$"""{"tool_calls":[{"index":{{{block.ToolIndex}}},"id":{{{Quote(Id(block))}}},"type":"function","function":{"name":{{{Quote(block.Tool!.Name)}}},"arguments":""}}]}""",
        finish: null, UsageOnContent());

    public override string Piece(Block block, string piece) => Chunk(
        block.Kind switch
        {
            BlockKind.Thinking => $$"""{"reasoning_content":{{Quote(piece)}}}""",
            BlockKind.ToolCall => $$$"""{"tool_calls":[{"index":{{{block.ToolIndex}}},"function":{"arguments":{{{Quote(piece)}}}}}]}""",
            _ => $$"""{"content":{{Quote(piece)}}}""",
        },
        finish: null, UsageOnContent());

    public override string Close(Block block) => "";

    public override string Finish(Answer answer) =>
        Chunk("{}", FinishReason(answer), Script.Usage is UsagePlacement.FinishChunk or UsagePlacement.EveryChunk ? Usage() : null)
        + (Script.Usage == UsagePlacement.LastChunk && Call.IncludeUsage ? UsageChunk() : "")
        + (Script.Ending == Ending.Done ? Event("[DONE]") : "");

    public override string Whole(Answer answer) =>
        $$"""
        {
          {{Head}},
          "choices": [
            {
              "index": 0,
              "message": {{Message(answer)}},
              "logprobs": null,
              "finish_reason": {{Quote(FinishReason(answer))}}
            }
          ],{{(Script.Usage == UsagePlacement.Never ? "" : $"\n  \"usage\": {Usage()},")}}
          "service_tier": "default",
          "system_fingerprint": "fp_fake"
        }

        """;

    public override string Error(ProviderError error) =>
        $$$"""{"error":{"message":{{{Quote(error.Message)}}},"type":{{{Quote(error.Type ?? TypeOf(error.Status))}}},"param":{{{Quote(error.Param)}}},"code":{{{Quote(error.Code)}}}}}""";

    public override string ErrorEvent(ProviderError error) => Event(Error(error)) + Event("[DONE]");

    public override ProviderError Of(Fault fault) => fault switch
    {
        Fault.Malformed => new(400, "We could not parse the JSON body of your request."),
        Fault.PromptTooLong => new(400, "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens. Please reduce the length of the messages.",
            Code: "context_length_exceeded", Param: "messages"),
        Fault.ContentPolicy => new(400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy.", Code: "invalid_prompt"),
        Fault.WrongKey => new(401, "Incorrect API key provided: sk-****. You can find your API key at https://platform.openai.com/account/api-keys.", Code: "invalid_api_key"),
        Fault.NoKey => new(401, "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."),
        Fault.Forbidden => new(403, "Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"),
        Fault.UnknownModel => new(404, $"The model `{Call.Model}` does not exist or you do not have access to it.", Code: "model_not_found"),
        Fault.RateLimited => new(429, $"Rate limit reached for {Call.Model} in organization org-fake on requests per min (RPM): Limit 500, Used 500, Requested 1.", "requests", "rate_limit_exceeded"),
        Fault.CreditSpent => new(429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota"),
        Fault.Overloaded => new(503, "The server is currently overloaded, please try again later.", "service_unavailable_error", "server_is_overloaded"),
        Fault.Internal => new(500, "The engine died.", "server_error"),
        Fault.TooLarge => new(413, "Request body too large."),
        Fault.Timeout => new(408, "Request timed out.", "timeout"),
        Fault.Prefill => new(400, "This model does not continue an assistant message. The conversation must end with a user message.", Param: "messages"),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault that has words."),
    };

    private static string TypeOf(int status) => status switch
    {
        429 => "requests",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    private string FinishReason(Answer answer) => Script.FinishReason ?? answer.Stop switch
    {
        Stop.MaxTokens or Stop.ContextFull => "length",
        Stop.Refusal => "content_filter",
        // OpenAI says stop when the client named the tool that must be called.
        _ when answer.CallsTools && !Call.Json.Member("tool_choice").Has("function") => "tool_calls",
        _ => "stop",
    };

    private string Message(Answer answer)
    {
        var message = new StringBuilder("""{"role": "assistant", "content": """);
        message.Append(answer.Text.Length > 0 || !answer.Tools.Any() ? Quote(answer.Text) : "null");
        if (answer.Thinking.Length > 0)
        {
            message.Append(", \"reasoning_content\": ").Append(Quote(answer.Thinking));
        }

        if (answer.Tools.Any())
        {
            message.Append(", \"tool_calls\": [").AppendJoin(", ", answer.Tools.Select(tool =>
                $$$"""{"id": {{{Quote(Id(tool))}}}, "type": "function", "function": {"name": {{{Quote(tool.Tool!.Name)}}}, "arguments": {{{Quote(tool.Whole)}}}}}""")).Append(']');
        }

        return message.Append(""", "refusal": null, "annotations": []}""").ToString();
    }

    private string Id(Block block) => block.Tool!.Id ?? string.Create(CultureInfo.InvariantCulture, $"call_fake{Number}x{block.ToolIndex}");

    private string Chunk(string delta, string? finish, string? usage) => Event(
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{Quote(finish)}}}],"usage":{{usage ?? "null"}},"obfuscation":"x1y2"}""");

    private string UsageChunk() => Event(
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[],"usage":{{Usage()}},"obfuscation":""}""");

    private string? UsageOnContent() => Script.Usage == UsagePlacement.EveryChunk ? Usage() : null;

    private string Usage()
    {
        var written = Script.CacheWriteTokens > 0 ? $",\"cache_write_tokens\":{Script.CacheWriteTokens}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $$$"""
            {"prompt_tokens":{{{Call.PromptTokens}}},"completion_tokens":{{{Call.CompletionTokens}}},"total_tokens":{{{Call.PromptTokens + Call.CompletionTokens}}},"prompt_tokens_details":{"cached_tokens":{{{Call.CachedTokens}}},"audio_tokens":0{{{written}}}},"completion_tokens_details":{"reasoning_tokens":{{{Call.ReasoningTokens}}},"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}
            """);
    }

    private string Event(string data) => Script.Accents
        ? $": comment\r\n\r\nevent:message\r\nid: 7\r\ndata:{data}\r\n\r\n"
        : $"data: {data}\n\n";
}
