namespace LlmGateway.Cli;

internal static class InputFile
{
    public static FileStream Open(string path)
    {
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FailedException($"{path} cannot be read: {unreadable.Message}");
        }
    }
}
