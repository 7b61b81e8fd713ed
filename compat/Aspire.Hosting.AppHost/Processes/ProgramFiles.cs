namespace Aspire.Hosting.Processes;

internal static class ProgramFiles
{
    /// <summary>The full path of a program, from PATH and the folders that a service's PATH often lacks.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"])
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
}

internal sealed class MissingProgramException(string message) : DistributedApplicationException(message)
{
    public static MissingProgramException For(string program, string? package)
    {
        var hint = package is null ? "" : $" Get it with: {(Environment.IsPrivilegedProcess ? "" : "sudo ")}apt-get install {package}";
        return new MissingProgramException($"The program '{program}' was not found.{hint}");
    }
}
