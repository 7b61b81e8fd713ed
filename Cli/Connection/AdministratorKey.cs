namespace LlmGateway.Cli.Connection;

/// <param name="Source">Where it was found; the only thing about it that is ever shown.</param>
internal sealed record AdministratorKey(string Secret, string Source)
{
    private const string Variable = "ADMIN_API_KEY";
    private const string StateVariable = "LLMGATEWAY_STATE";
    private const string FileName = "admin-key";

    public static AdministratorKey Find()
    {
        if (Setting.Find(Variable) is { } configured)
        {
            return Checked(configured.Value, configured.Source);
        }

        if (Environment.GetEnvironmentVariable(StateVariable) is not { Length: > 0 } folder)
        {
            throw new FailedException($"There is no administrator's key: set {Variable}, or {StateVariable} to the state folder of ./run.sh.");
        }

        var path = Path.Combine(folder, FileName);
        try
        {
            return Checked(File.ReadAllText(path), path);
        }
        catch (Exception unreadable) when (unreadable is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FailedException(
                $"There is no administrator's key: {path} does not exist. Start ./run.sh once, as the same user, or set {Variable}.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"The administrator's key in {path} cannot be read: {unreadable.Message}");
        }
    }

    public override string ToString() => Source;

    private static AdministratorKey Checked(string secret, string source)
    {
        var trimmed = secret.Trim();
        return trimmed.Length > 0 && !trimmed.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? new(trimmed, source)
            : throw new FailedException($"{source} does not hold a key: it is empty, or has characters that no key has.");
    }
}
