using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.State;

/// <summary>
/// Where resources keep their files. Durable data is in the state folder, used by one run at a time; the rest in a temporary
/// one, deleted at the end. The state folder is LLMGATEWAY_STATE, else /var/lib/llmgateway/{hash} as root, else
/// ~/.local/state/llmgateway/{hash}: {hash} is the first 12 hexadecimal digits of the SHA-256 of AppHost's directory, so that two
/// clones do not meet. Never inside the clone. Under Testing everything is temporary.
/// </summary>
internal sealed class StateFolder(IConfiguration configuration, string appHostDirectory, bool temporaryOnly) : IDisposable
{
    // Others may pass through (PostgreSQL runs as another user when we are root), but not look around.
    private const UnixFileMode PassThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _temporarySecrets = [];
    private string? _durable;
    private TemporaryFolder? _temporary;
    private FileStream? _claim;

    public static string DefaultPath(string appHostDirectory)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHostDirectory)))[..12];
        var root = Environment.IsPrivilegedProcess
            ? "/var/lib"
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(root, "llmgateway", hash);
    }

    public bool IsTemporary(bool durable) => temporaryOnly || !durable;

    /// <summary>The folder of one resource, made when missing.</summary>
    /// <exception cref="StateFolderInUseException">Another run uses the state folder.</exception>
    public string For(string resource, bool durable)
    {
        lock (_lock)
        {
            return MakeFolder(Path.Combine(Root(durable), resource));
        }
    }

    /// <summary>A generated secret: 32 letters and digits, about 190 bits. A durable one is the same in each run.</summary>
    public string Secret(string name, bool durable)
    {
        lock (_lock)
        {
            if (IsTemporary(durable))
            {
                return _temporarySecrets.TryGetValue(name, out var known) ? known : _temporarySecrets[name] = NewSecret();
            }

            var path = Path.Combine(MakeFolder(Path.Combine(Root(durable), "secrets")), name);
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } kept ? kept : Keep(path, NewSecret());
        }
    }

    public void Dispose()
    {
        _claim?.Dispose();
        _temporary?.Dispose();
    }

    private static string NewSecret() =>
        RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 32);

    private static string Keep(string path, string secret)
    {
        // Complete or not there at all: a run killed in between must not leave an empty password behind.
        var draft = path + ".new";
        using (var file = new FileStream(draft, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        }))
        {
            file.Write(Encoding.ASCII.GetBytes(secret));
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
        return secret;
    }

    private static string MakeFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, PassThrough);
        }

        return path;
    }

    private string Root(bool durable)
    {
        if (IsTemporary(durable))
        {
            return (_temporary ??= new TemporaryFolder(PassThrough)).Path;
        }

        return _durable ??= ClaimDurable();
    }

    private string ClaimDurable()
    {
        var path = configuration["LLMGATEWAY_STATE"] is { Length: > 0 } configured
            ? Path.GetFullPath(configured)
            : DefaultPath(appHostDirectory);
        if (Path.GetDirectoryName(path) is { } parent)
        {
            MakeFolder(parent);
        }

        MakeFolder(path);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | PassThrough);
        _claim = Claim(path);
        return path;
    }

    private static FileStream Claim(string path)
    {
        var file = Path.Combine(path, "in-use");
        try
        {
            // FileShare.Read would not lock on Unix; None is an flock that ends with this process, however it ends.
            var claim = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            claim.SetLength(0);
            claim.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            claim.Flush();
            return claim;
        }
        catch (IOException e) when (e is not DirectoryNotFoundException)
        {
            throw new StateFolderInUseException(
                $"Another run uses the state folder {path}. Stop it first, or set LLMGATEWAY_STATE to another folder.", e);
        }
    }
}

internal sealed class StateFolderInUseException(string message, Exception inner) : DistributedApplicationException(message, inner);
