namespace LlmGateway.Routing.Providers.Anthropic;

/// <summary>Why an answer ended, in OpenAI's words.</summary>
internal static class AnthropicFinish
{
    /// <param name="stopReason">Anthropic's; one that is not known yet is an ordinary end.</param>
    /// <param name="hasTools">The answer calls tools of the client's.</param>
    public static string Of(string? stopReason, bool hasTools) => stopReason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "refusal" => "content_filter",
        _ => hasTools ? "tool_calls" : "stop",
    };
}
