using System.Diagnostics;

namespace LlmGateway.Cli.Backups;

/// <summary>A file that is written beside its place and moved there when it is whole: a backup that broke off replaces nothing.</summary>
internal sealed class BackupFile
{
    private readonly bool _overwrite;

    private BackupFile(string path, bool overwrite) => (Path, _overwrite) = (path, overwrite);

    public string Path { get; }

    public static BackupFile Target(string path, bool overwrite)
    {
        if (Directory.Exists(path))
        {
            throw new FailedException($"{path} is a folder.");
        }

        if (path.Length == 0 || (!overwrite && File.Exists(path)))
        {
            throw new FailedException(path.Length == 0 ? "--path must not be empty." : $"{path} exists. Add --force to replace it.");
        }

        return IsSpecial(path) ? throw new FailedException($"{path} is no regular file, and is not replaced.") : new(path, overwrite);
    }

    public async Task<long> WriteAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var unfinished = $"{Path}.{Guid.NewGuid():N}.part";
        try
        {
            long length;
            await using (var file = Create(unfinished))
            {
                await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                await body.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
                length = file.Length;
            }

            File.Move(unfinished, Path, _overwrite);
            return length;
        }
        catch (FailedException failure)
        {
            throw new FailedException($"{failure.Message} Nothing was written.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{Path} cannot be written: {failure.Message}");
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    // A device or a link would be replaced by the file.
    private static bool IsSpecial(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            return true;
        }

        if (OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return false;
        }

        // .NET tells devices, pipes and sockets apart from files nowhere in its public API; this program of POSIX does.
        using var test = Process.Start("test", ["-f", System.IO.Path.GetFullPath(path)]);
        test.WaitForExit();
        return test.ExitCode != 0;
    }

    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new(path, options);
    }
}
