namespace LlmGateway.Cli.Output;

/// <summary>Asks before something is destroyed. A script has nobody to ask, and says --force.</summary>
internal static class Question
{
    public static void DemandTerminal()
    {
        if (Console.IsInputRedirected)
        {
            throw new FailedException("This asks first, and standard input is not a terminal. Add --force to do it without being asked.");
        }
    }

    /// <summary>Anything but yes ends the command.</summary>
    public static void Ask(string question)
    {
        DemandTerminal();
        Console.Error.Write($"{PlainText.Of(question)} [y/N] ");
        if (Console.In.ReadLine()?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
        {
            throw new FailedException("Nothing was changed.");
        }
    }
}
