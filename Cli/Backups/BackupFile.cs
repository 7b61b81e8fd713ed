using LlmGateway.Cli.Connection;

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

        return new(path, overwrite);
    }

    public async Task<long> WriteAsync(HttpResponseMessage response, GatewayAddress address, CancellationToken cancellationToken)
    {
        var unfinished = $"{Path}.{Guid.NewGuid():N}.part";
        try
        {
            long length;
            await using (var file = Create(unfinished))
            {
                await response.Content.CopyToAsync(file, cancellationToken);
                file.Flush(flushToDisk: true);
                length = file.Length;
            }

            File.Move(unfinished, Path, _overwrite);
            return length;
        }
        catch (HttpRequestException)
        {
            throw new FailedException($"The backup of {address} broke off. Nothing was written.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FailedException(
                failure is HttpIOException ? $"The backup of {address} broke off. Nothing was written." : $"{Path} cannot be written: {failure.Message}");
        }
        finally
        {
            File.Delete(unfinished);
        }
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
