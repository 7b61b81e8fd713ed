using System.Globalization;
using System.Text;
using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>OpenAI's chat JSON, field by field as api.openai.com sends it, and Azure as it does.</summary>
internal sealed class ChatWire(ProviderCall call, Script script) : OpenAiWire(call, script)
{
    /// <summary>What Azure's filters found: nothing.</summary>
    private const string Unfiltered = """
        {"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,"severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"severity":"safe"}}
        """;

    public override string Garbage => Event("""{"id":"chatcmpl-x","choices":[{"delta":{"content":"brok""") + Event("[DONE]");

    private string Head { get; } =
        $"\"id\":\"chatcmpl-fake{call.Id.ToString(CultureInfo.InvariantCulture)}\",\"object\":\"{(call.Stream ? "chat.completion.chunk" : "chat.completion")}\","
        + string.Create(CultureInfo.InvariantCulture, $"\"created\":{Created},\"model\":{Quote(call.Model + "-2026-01-01")}");

    private string Filtered => Call.IsAzure ? $",\"content_filter_results\":{Unfiltered}" : "";

    public override string Begin() =>
        PromptFilter() + (Script.Usage == UsagePlacement.FirstChunk ? UsageChunk() : "") + Chunk("""{"role":"assistant","content":"","refusal":null}""", finish: null, UsageOnContent());

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
            {{string.Join(",\n    ", Enumerable.Range(0, Call.Choices).Select(index => Choice(index, answer)))}}
          ],{{(Script.Usage == UsagePlacement.Never ? "" : $"\n  \"usage\": {Usage()},")}}
          "service_tier": "default",
          "system_fingerprint": "fp_fake"
        }

        """;

    public override string ErrorEvent(ProviderError error) => Event(Error(error)) + Event("[DONE]");

    private string FinishReason(Answer answer) => Script.FinishReason ?? answer.Stop switch
    {
        Stop.MaxTokens or Stop.ContextFull => "length",
        Stop.Refusal => "content_filter",
        // OpenAI says stop when the client named the tool that must be called.
        _ when answer.CallsTools && !Call.Json.Member("tool_choice").Has("function") => "tool_calls",
        _ => "stop",
    };

    private string Choice(int index, Answer answer) =>
        $$"""{"index": {{index}}, "message": {{Message(answer)}}, "logprobs": null, "finish_reason": {{Quote(FinishReason(answer))}}{{Filtered}}}""";

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

    /// <summary>One event a choice: choices of one answer are never together in a chunk.</summary>
    private string Chunk(string delta, string? finish, string? usage) => string.Concat(Enumerable.Range(0, Call.Choices).Select(index => Event(
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[{"index":{{index}},"delta":{{delta}},"logprobs":null,"finish_reason":{{Quote(finish)}}{{Filtered}}}],"usage":{{usage ?? "null"}},"obfuscation":"x1y2"}""")));

    private string UsageChunk() => Event(
        $$"""{{{Head}},"service_tier":"default","system_fingerprint":"fp_fake","choices":[],"usage":{{Usage()}},"obfuscation":""}""");

    /// <summary>Azure's first chunk, which has neither choices nor a name.</summary>
    private string PromptFilter() => !Call.IsAzure ? "" : Event(
        $$"""{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{{Unfiltered}}}]}""");

    private string? UsageOnContent() => Script.Usage == UsagePlacement.EveryChunk ? Usage() : null;

    private string Usage()
    {
        var written = Script.CacheWriteTokens > 0 ? $",\"cache_write_tokens\":{Script.CacheWriteTokens}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $$$"""
            {"prompt_tokens":{{{Call.PromptTokens}}},"completion_tokens":{{{Call.CompletionTokens}}},"total_tokens":{{{Call.PromptTokens + Call.CompletionTokens}}},"prompt_tokens_details":{"cached_tokens":{{{Call.CachedTokens}}},"audio_tokens":0{{{written}}}},"completion_tokens_details":{"reasoning_tokens":{{{Call.ReasoningTokens}}},"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}
            """);
    }
}
