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

    /// <summary>A key that clients present.</summary>
    public static LocalKey? Of(string? configured, string fileName) =>
        Of(configured, fileName, () => "sk-llmgw-" + RandomNumberGenerator.GetString(Alphabet, Length));

    /// <summary>A key that encrypts others: 32 bytes in base64.</summary>
    public static LocalKey? Wrapping(string? configured, string fileName) =>
        Of(configured, fileName, () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    private static LocalKey? Of(string? configured, string fileName, Func<string> make)
    {
        if (configured is not null)
        {
            return new LocalKey(configured, File: null);
        }

        return Environment.GetEnvironmentVariable(StateVariable) is { Length: > 0 } folder ? Kept(Path.Combine(folder, fileName), make) : null;
    }

    private static LocalKey Kept(string path, Func<string> make)
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
                writer.Write(make());
            }

            System.IO.File.Move(unfinished, path);
        }

        return new LocalKey(System.IO.File.ReadAllText(path).Trim(), path);
    }
}
