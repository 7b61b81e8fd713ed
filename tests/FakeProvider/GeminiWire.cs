using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>
/// Gemini's generateContent JSON (ai.google.dev/api/generate-content). An event of its stream is a whole answer with a part of the text; lines
/// end in CRLF, events have no names, and no event says that it is the last. Without alt=sse the stream is one JSON array.
/// </summary>
internal class GeminiWire(ProviderCall call, Script script) : Wire(call, script)
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private bool _begun;
    private bool _signed;

    public override string StreamType => Call.ServerSentEvents ? "text/event-stream" : "application/json; charset=UTF-8";

    /// <summary>Google sends none; this is a proxy's.</summary>
    public override string KeepAlive => Call.ServerSentEvents ? ": keep-alive\r\n\r\n" : " ";

    public override string Garbage => Event("""{"candidates": [{"content": {"parts": [{"text": "brok""");

    public static string Models(IEnumerable<string> names) => Indented(
        """{"models":["""
        + string.Join(',', names.Select(name =>
            $$"""{"name":{{Quote("models/" + name)}},"displayName":{{Quote(name)}},"inputTokenLimit":1048576,"outputTokenLimit":65536,"supportedGenerationMethods":["generateContent","countTokens"]}"""))
        + "]}");

    public override void AddHeaders(IHeaderDictionary headers)
    {
        headers.Vary = "Origin, X-Origin, Referer";
        headers["server-timing"] = "gfet4t7; dur=12";
    }

    public override void AddRetry(IHeaderDictionary headers)
    {
        // The delay is in the body: error.details[].retryDelay.
    }

    public override string Begin() =>
        Script.Usage == UsagePlacement.FirstChunk ? Event(Head(usage: true)) : "";

    public override string Open(Block block) => "";

    public override string Piece(Block block, string piece) => block.Kind switch
    {
        BlockKind.Thinking => Chunk($$"""{"text":{{Quote(piece)}},"thought":true}"""),
        BlockKind.Text => Chunk($$"""{"text":{{Quote(piece)}}}"""),
        _ => "",
    };

    public override string Close(Block block) => block is { Kind: BlockKind.ToolCall, Complete: true } ? Chunk(FunctionCall(block)) : "";

    public override string Finish(Answer answer)
    {
        var usage = Script.Usage is not (UsagePlacement.Never or UsagePlacement.FirstChunk);
        var signature = Sign(answer.CallsTools);
        var content = Refused(answer) ? "" : $$"""{"content":{"parts":[{"text":""{{signature}}}],"role":"model"},""";
        return Event($$"""{"candidates":[{{(content.Length > 0 ? content : "{")}}{{Ended(answer)}}],{{Head(usage)[1..]}}""") + (Call.ServerSentEvents ? "" : "]");
    }

    public override string Whole(Answer answer)
    {
        var parts = string.Join(',', answer.Blocks.Where(IsPart).Select(Part));
        var content = parts.Length > 0 ? $$"""{"content":{"parts":[{{parts}}],"role":"model"},""" : "{";
        var candidates = string.Join(',', Enumerable.Range(0, Call.Choices).Select(index => content + Ended(answer, index)));
        return Indented($$"""{"candidates":[{{candidates}}],{{Head(Script.Usage != UsagePlacement.Never)[1..]}}""");
    }

    public override string Error(ProviderError error)
    {
        if (error.Status == 200)
        {
            // What Google does not answer at all is no error: an answer without candidates.
            var blocked = $$$"""{"promptFeedback":{"blockReason":{{{Quote(error.Code)}}}},"usageMetadata":{"promptTokenCount":{{{Call.PromptWords}}},"totalTokenCount":{{{Call.PromptWords}}}},"modelVersion":{{{Quote(Call.Model)}}}}""";
            return !Call.Stream ? Indented(blocked) : Event(blocked) + (Call.ServerSentEvents ? "" : "]");
        }

        var body = Indented(
            $$$"""{"error":{"code":{{{error.Status}}},"message":{{{Quote(error.Message)}}},"status":{{{Quote(error.Type ?? StatusOf(error.Status))}}}{{{Details(error)}}}}}""");
        return Call is { Stream: true, ServerSentEvents: false } ? $"[{body}]" : body;
    }

    public override string ErrorEvent(ProviderError error) => Event(Compact(Error(error)));

    public override ProviderError Of(Fault fault) => fault switch
    {
        Fault.Malformed => new(400, "Invalid JSON payload received. Unexpected end of string."),
        Fault.PromptTooLong => new(400, "The input token count (1198310) exceeds the maximum number of tokens allowed (1048576)."),
        Fault.ContentPolicy => new(200, "", Code: "PROHIBITED_CONTENT"),
        Fault.WrongKey => new(400, "API key not valid. Please pass a valid API key.", Code: "API_KEY_INVALID"),
        Fault.NoKey => new(403, "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."),
        Fault.Forbidden => new(403, "The caller does not have permission"),
        Fault.UnknownModel => new(404, $"models/{Call.Model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."),
        Fault.RateLimited => new(429, "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
            Code: "GenerateRequestsPerMinutePerProjectPerModel"),
        Fault.CreditSpent => new(429, "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
            Code: "GenerateRequestsPerDayPerProjectPerModel"),
        Fault.Overloaded => new(503, "The model is overloaded. Please try again later."),
        Fault.Internal => new(500, "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"),
        Fault.TooLarge => new(413, "Request payload size exceeds the limit: 20971520 bytes."),
        Fault.Timeout => new(504, "The request timed out. Please try again."),
        Fault.Prefill => new(400, "Please ensure that multiturn requests end with a user role or a function response."),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "Not a fault that has words."),
    };

    private static string StatusOf(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };

    protected static string Indented(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement, Pretty) + "\n";

    private static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);

    private static bool IsPart(Block block) => block.Kind != BlockKind.RedactedThinking && (block.Complete || block.Kind != BlockKind.ToolCall);

    private static bool Refused(Answer answer) => answer.Stop == Stop.Refusal;

    private string Details(ProviderError error)
    {
        if (error.Status == 429)
        {
            var quota = error.Code ?? "GenerateRequestsPerMinutePerProjectPerModel";
            var delay = Script.RetryAfterMs is { } milliseconds ? (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture) + "s"
                : Script.RetryAt is { } ahead ? ((long)ahead.TotalSeconds).ToString(CultureInfo.InvariantCulture) + "s"
                : Script.RetryAfter is { } seconds ? seconds + "s" : null;
            return $$$""","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_requests","quotaId":{{{Quote(quota)}}},"quotaDimensions":{"location":"global","model":{{{Quote(Call.Model)}}}},"quotaValue":"10"}]},"""
                + """{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"Learn more about Gemini API quotas","url":"https://ai.google.dev/gemini-api/docs/rate-limits"}]}"""
                + (delay is null ? "]" : $$""",{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":{{Quote(delay)}}}]""");
        }

        return error.Code is null
            ? ""
            : $$$""","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":{{{Quote(error.Code)}}},"domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}},{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"en-US","message":{{{Quote(error.Message)}}}}]""";
    }

    private string Part(Block block) => block.Kind switch
    {
        BlockKind.Thinking => $$"""{"text":{{Quote(block.Whole)}},"thought":true}""",
        BlockKind.ToolCall => FunctionCall(block),
        _ => $$"""{"text":{{Quote(block.Whole)}}{{Sign(toolsFollow: Script.ToolCalls.Count > 0)}}}""",
    };

    private string FunctionCall(Block block)
    {
        var id = block.Tool!.Id is { } given ? $",\"id\":{Quote(given)}" : "";
        return $$$"""{"functionCall":{"name":{{{Quote(block.Tool.Name)}}},"args":{{{(block.Whole.Length > 0 ? block.Whole : "{}")}}}{{{id}}}}{{{Sign(toolsFollow: false)}}}}""";
    }

    /// <summary>Once, on the first call, or on the last text when there are no calls.</summary>
    private string Sign(bool toolsFollow)
    {
        if (_signed || toolsFollow || Script.Signature is null)
        {
            return "";
        }

        _signed = true;
        return $",\"thoughtSignature\":{Quote(Script.Signature)}";
    }

    private string Ended(Answer answer, int index = 0)
    {
        var reason = Script.FinishReason ?? answer.Stop switch
        {
            Stop.MaxTokens or Stop.ContextFull => "MAX_TOKENS",
            Stop.Refusal => "SAFETY",
            _ => "STOP",
        };
        var ratings = Refused(answer) ? ""","safetyRatings":[{"category":"HARM_CATEGORY_DANGEROUS_CONTENT","probability":"HIGH","blocked":true}]""" : "";
        return $"\"finishReason\":{Quote(reason)},\"index\":{index}{ratings}}}";
    }

    private string Chunk(string part) => Event(
        $$$"""{"candidates":[{"content":{"parts":[{{{part}}}],"role":"model"},"index":0}],{{{Head(Script.Usage is UsagePlacement.LastChunk or UsagePlacement.EveryChunk)[1..]}}}""");

    /// <summary>What every event has beside its candidates.</summary>
    private string Head(bool usage) => $$"""{{{(usage ? $"\"usageMetadata\":{Usage()}," : "")}}"modelVersion":{{Quote(Call.Model)}},"responseId":"fake{{Number}}"}""";

    private string Usage()
    {
        var cached = Call.CachedTokens > 0 ? $",\"cachedContentTokenCount\":{Call.CachedTokens}" : "";
        var thoughts = Call.ReasoningTokens > 0 ? $",\"thoughtsTokenCount\":{Call.ReasoningTokens}" : "";
        return $$"""{"promptTokenCount":{{Call.PromptTokens}}{{cached}},"candidatesTokenCount":{{Visible}},"totalTokenCount":{{Call.PromptTokens + Call.CompletionTokens}},"promptTokensDetails":[{"modality":"TEXT","tokenCount":{{Call.PromptTokens}}}]{{thoughts}}}""";
    }

    private string Event(string json)
    {
        if (!Call.ServerSentEvents)
        {
            var array = (_begun ? ",\r\n" : "[") + json;
            _begun = true;
            return array;
        }

        return Script.Accents ? $": comment\n\ndata:{json}\n\n" : $"data: {json}\r\n\r\n";
    }
}
