using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>
/// OpenAI's Responses: a block is an output item, each event has a name and a rising sequence_number, and response.completed, .incomplete or
/// .failed is the last.
/// </summary>
internal sealed class ResponsesWire(ProviderCall call, Script script) : OpenAiWire(call, script)
{
    private readonly List<string> _done = [];
    private int _sequence;

    public override bool BeginsAtOnce => true;

    public override string Garbage => "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.del\n\n";

    public override string Begin() =>
        Event("response.created", $"\"response\":{Response("in_progress", [])}") + Event("response.in_progress", $"\"response\":{Response("in_progress", [])}");

    public override string Open(Block block)
    {
        var added = Event("response.output_item.added", $"\"output_index\":{block.Index},\"item\":{Item(block, whole: false)}");
        return block.Kind switch
        {
            BlockKind.Thinking => added + Event("response.reasoning_summary_part.added", $"{Place(block)},\"summary_index\":0,\"part\":{Summary("")}"),
            BlockKind.Text => added + Event("response.content_part.added", $"{Place(block)},\"content_index\":0,\"part\":{TextPart("")}"),
            _ => added,
        };
    }

    public override string Piece(Block block, string piece) => block.Kind switch
    {
        BlockKind.Thinking => Event("response.reasoning_summary_text.delta", $"{Place(block)},\"summary_index\":0,\"delta\":{Quote(piece)},\"obfuscation\":\"x1\""),
        BlockKind.ToolCall => Event("response.function_call_arguments.delta", $"{Place(block)},\"delta\":{Quote(piece)},\"obfuscation\":\"x1\""),
        _ => Event("response.output_text.delta", $"{Place(block)},\"content_index\":0,\"delta\":{Quote(piece)},\"logprobs\":[],\"obfuscation\":\"x1\""),
    };

    public override string Close(Block block)
    {
        _done.Add(Item(block, whole: true));
        var done = block.Kind switch
        {
            BlockKind.Thinking =>
                Event("response.reasoning_summary_text.done", $"{Place(block)},\"summary_index\":0,\"text\":{Quote(block.Whole)}")
                + Event("response.reasoning_summary_part.done", $"{Place(block)},\"summary_index\":0,\"part\":{Summary(block.Whole)}"),
            BlockKind.ToolCall =>
                Event("response.function_call_arguments.done", $"{Place(block)},\"name\":{Quote(block.Tool!.Name)},\"arguments\":{Quote(Arguments(block))}"),
            BlockKind.Text =>
                Event("response.output_text.done", $"{Place(block)},\"content_index\":0,\"text\":{Quote(block.Whole)},\"logprobs\":[]")
                + Event("response.content_part.done", $"{Place(block)},\"content_index\":0,\"part\":{TextPart(block.Whole)}"),
            _ => "",
        };
        return done + Event("response.output_item.done", $"\"output_index\":{block.Index},\"item\":{_done[^1]}");
    }

    public override string Finish(Answer answer) => Script.Ending == Ending.NoDone
        ? ""
        : Event("response." + Status(answer), $"\"response\":{Response(Status(answer), _done, answer)}");

    public override string Whole(Answer answer) =>
        Response(Status(answer), [.. answer.Blocks.Select(block => Item(block, whole: true))], answer) + "\n";

    public override string ErrorEvent(ProviderError error) =>
        Event("error", $"\"code\":{Quote(error.Code ?? error.Type)},\"message\":{Quote(error.Message)},\"param\":{Quote(error.Param)}")
        + Event("response.failed", $"\"response\":{Response("failed", _done)}");

    private static string Summary(string text) => $$"""{"type":"summary_text","text":{{Quote(text)}}}""";

    private static string TextPart(string text) => $$"""{"type":"output_text","annotations":[],"logprobs":[],"text":{{Quote(text)}}}""";

    private static string Arguments(Block block) => block.Whole.Length > 0 ? block.Whole : "{}";

    private string Status(Answer answer) => Script.FinishReason ?? (answer.Stop is Stop.MaxTokens or Stop.ContextFull or Stop.Refusal ? "incomplete" : "completed");

    private string Place(Block block) => $"\"item_id\":{Quote(Id(block))},\"output_index\":{block.Index}";

    private string Id(Block block) => $"{block.Kind switch { BlockKind.Text => "msg", BlockKind.ToolCall => "fc", _ => "rs" }}_fake{Number}x{block.Index}";

    private string Item(Block block, bool whole)
    {
        var status = whole ? block.Complete ? "completed" : "incomplete" : "in_progress";
        return block.Kind switch
        {
            BlockKind.Text => $$"""{"id":{{Quote(Id(block))}},"type":"message","status":"{{status}}","content":[{{(whole ? TextPart(block.Whole) : "")}}],"role":"assistant"}""",
            BlockKind.ToolCall => $$"""{"id":{{Quote(Id(block))}},"type":"function_call","status":"{{status}}","arguments":{{Quote(whole ? Arguments(block) : "")}},"call_id":{{Quote(block.Tool!.Id ?? $"call_fake{Number}x{block.ToolIndex}")}},"name":{{Quote(block.Tool.Name)}}}""",
            _ => $$"""{"id":{{Quote(Id(block))}},"type":"reasoning"{{(Encrypted ? $",\"encrypted_content\":{Quote(Script.RedactedThinking ?? Script.Signature)}" : "")}},"summary":[{{(whole && block.Kind == BlockKind.Thinking ? Summary(block.Whole) : "")}}]}""",
        };
    }

    private bool Encrypted => Call.Json.Member("include").Items().Any(item => item.GetString() == "reasoning.encrypted_content");

    private string Response(string status, IReadOnlyList<string> output, Answer? answer = null)
    {
        var failed = status == "failed" ? """{"code":"server_error","message":"The model failed to generate a response."}""" : "null";
        var incomplete = status == "incomplete" ? $$"""{"reason":"{{(answer?.Stop == Stop.Refusal ? "content_filter" : "max_output_tokens")}}"}""" : "null";
        var usage = answer is null || Script.Usage == UsagePlacement.Never ? "null" : Usage();
        return $$"""{"id":"resp_fake{{Number}}","object":"response","created_at":{{Created}},"status":"{{status}}","background":false,"error":{{failed}},"incomplete_details":{{incomplete}},"instructions":{{Echo("instructions", "null")}},"max_output_tokens":{{Echo("max_output_tokens", "null")}},"model":{{Quote(Call.Model + "-2026-01-01")}},"output":[{{string.Join(',', output)}}],"parallel_tool_calls":{{Echo("parallel_tool_calls", "true")}},"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"service_tier":"default","store":{{Echo("store", "true")}},"temperature":1.0,"text":{{Echo("text", """{"format":{"type":"text"},"verbosity":"medium"}""")}},"tool_choice":{{Echo("tool_choice", "\"auto\"")}},"tools":{{Echo("tools", "[]")}},"top_logprobs":0,"top_p":1.0,"truncation":"disabled","metadata":{},"user":null,"usage":{{usage}}}""";
    }

    private string Echo(string name, string otherwise) => Call.Json.Has(name) ? Call.Json.Member(name).GetRawText() : otherwise;

    private string Usage()
    {
        var written = Script.CacheWriteTokens > 0 ? $",\"cache_write_tokens\":{Script.CacheWriteTokens}" : "";
        return $$$"""{"input_tokens":{{{Call.PromptTokens}}},"input_tokens_details":{"cached_tokens":{{{Call.CachedTokens}}}{{{written}}}},"output_tokens":{{{Call.CompletionTokens}}},"output_tokens_details":{"reasoning_tokens":{{{Call.ReasoningTokens}}}},"total_tokens":{{{Call.PromptTokens + Call.CompletionTokens}}}}""";
    }

    private string Event(string name, string fields)
    {
        var data = $$"""{"type":"{{name}}",{{fields}},"sequence_number":{{_sequence++}}}""";
        return Script.Accents ? $": comment\r\n\r\nevent:{name}\r\ndata:{data}\r\n\r\n" : $"event: {name}\ndata: {data}\n\n";
    }
}
