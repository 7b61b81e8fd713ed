namespace LlmGateway.Gateway.Calls;

/// <summary>
/// Ends a connection in the middle of an answer, after the error event has been flushed: Kestrel then leaves out the final
/// chunk, so that no client can take the answer for a whole one. HttpContext.Abort() instead was seen to drop the event itself.
/// </summary>
internal sealed class AnswerBrokenOffException(string code) : Exception($"The answer broke off with '{code}'.");
