namespace LlmGateway.Cli;

/// <summary>Ends a command: the message is all that its user sees, in one line.</summary>
internal class FailedException : Exception
{
    public FailedException(string message)
        : base(message)
    {
    }
}
