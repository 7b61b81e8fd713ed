using LlmGateway.Gateway.Calls;

namespace LlmGateway.Gateway.OpenAi;

/// <summary>Answers in OpenAI's chat wire, and everything that is no API of somebody else's.</summary>
internal sealed class OpenAiSurface : ClientSurface
{
    public static OpenAiSurface Instance { get; } = new();

    public override Task WriteErrorAsync(HttpContext context, ApiError error) => OpenAiErrors.WriteAsync(context, error);

    public override void WriteEvent(SseWriter output, ReadOnlySpan<byte> json) => output.Event(json);

    // Without "choices": the AI SDK takes a chunk that has them for data and loses the error.
    public override void WriteError(SseWriter output, HttpContext context, ApiError error, int events) => output.Event(OpenAiErrors.ToJson(error));

    public override void WriteEnd(SseWriter output) => output.Done();
}
