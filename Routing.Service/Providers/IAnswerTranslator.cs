using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Streaming;

namespace LlmGateway.Routing.Providers;

/// <summary>
/// Turns one answer in a provider's wire into OpenAI's chat wire, which the rest of the service reads. It has the state of that one answer, and
/// writes a success's end (finish_reason, then the terminator) only when the provider's own terminal event arrived.
/// </summary>
internal interface IAnswerTranslator
{
    /// <summary>One event of a stream, as none, one or several chunks.</summary>
    /// <param name="item">The provider's event.</param>
    /// <param name="output">Gets the chunks.</param>
    /// <returns>Why the answer ends here: the provider's own error, or an event that cannot be read; null when it goes on.</returns>
    CallFault? Translate(in SseEvent item, ChatEvents output);

    /// <summary>A whole answer.</summary>
    /// <returns>A chat.completion, or why there is none.</returns>
    (ReadOnlyMemory<byte> Json, CallFault? Fault) Translate(ReadOnlyMemory<byte> answer);
}
