using System.Security.Cryptography;

namespace LlmGateway.AppHost;

/// <summary>A key that is configured, or one made once for this machine and kept in the state folder for its owner only.</summary>
internal sealed record LocalKey(string Value, string? File)
{
    /// <summary>Set by run.sh: a start by hand, whose user is to be given a key. Other starts leave missing keys to Keys.Service.</summary>
    private const string StateVariable = "LLMGATEWAY_LOCAL_KEYS";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    // 43 characters of 62 are 256 bits.
    private const int Length = 43;

    public static LocalKey? Of(string? configured, string fileName)
    {
        if (configured is not null)
        {
            return new LocalKey(configured, File: null);
        }

        return Environment.GetEnvironmentVariable(StateVariable) is { Length: > 0 } folder ? Kept(Path.Combine(folder, fileName)) : null;
    }

    private static LocalKey Kept(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            // Written beside and moved: a start that is killed here leaves no half key.
            var unfinished = path + ".new";
            System.IO.File.Delete(unfinished);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var writer = new StreamWriter(unfinished, options))
            {
                writer.Write("sk-llmgw-" + RandomNumberGenerator.GetString(Alphabet, Length));
            }

            System.IO.File.Move(unfinished, path);
        }

        return new LocalKey(System.IO.File.ReadAllText(path).Trim(), path);
    }
}
