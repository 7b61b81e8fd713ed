using static LlmGateway.FakeProvider.Json;

namespace LlmGateway.FakeProvider;

/// <summary>OpenAI's legacy text completions: one object, text_completion, whole and as an event.</summary>
internal sealed class CompletionsWire(ProviderCall call, Script script) : OpenAiWire(call, script)
{
    public override string Garbage => Event("""{"id":"cmpl-x","choices":[{"text":"brok""") + Event("[DONE]");

    public override string Begin() => Script.Usage == UsagePlacement.FirstChunk ? Event(Completion("", Usage())) : "";

    public override string Open(Block block) => "";

    public override string Piece(Block block, string piece) =>
        block.Kind == BlockKind.Text ? Event(Completion(Choice(piece, null), Script.Usage == UsagePlacement.EveryChunk ? Usage() : null)) : "";

    public override string Close(Block block) => "";

    public override string Finish(Answer answer) =>
        Event(Completion(Choice("", FinishReason(answer)), Script.Usage is UsagePlacement.FinishChunk or UsagePlacement.EveryChunk ? Usage() : null))
        + (Script.Usage == UsagePlacement.LastChunk && Call.IncludeUsage ? Event(Completion("", Usage())) : "")
        + (Script.Ending == Ending.Done ? Event("[DONE]") : "");

    public override string Whole(Answer answer) =>
        Completion(Choice(answer.Text, FinishReason(answer)), Script.Usage == UsagePlacement.Never ? null : Usage());

    public override string ErrorEvent(ProviderError error) => Event(Error(error)) + Event("[DONE]");

    private static string Choice(string text, string? finish) =>
        $$"""{"text":{{Quote(text)}},"index":0,"logprobs":null,"finish_reason":{{Quote(finish)}}}""";

    private string FinishReason(Answer answer) => Script.FinishReason ?? answer.Stop switch
    {
        Stop.MaxTokens or Stop.ContextFull => "length",
        Stop.Refusal => "content_filter",
        _ => "stop",
    };

    private string Completion(string choices, string? usage) =>
        $$"""{"id":"cmpl-fake{{Number}}","object":"text_completion","created":{{Created}},"choices":[{{choices}}],"model":{{Quote(Call.Model)}},"system_fingerprint":"fp_fake","usage":{{usage ?? "null"}}}""";

    private string Usage() =>
        $$"""{"prompt_tokens":{{Call.PromptTokens}},"completion_tokens":{{Call.CompletionTokens}},"total_tokens":{{Call.PromptTokens + Call.CompletionTokens}}}""";
}
