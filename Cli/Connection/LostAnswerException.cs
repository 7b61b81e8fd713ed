namespace LlmGateway.Cli.Connection;

/// <summary>Something was sent, and no answer of a gateway came: what became of it is not known.</summary>
internal sealed class LostAnswerException(string message) : FailedException(message);
