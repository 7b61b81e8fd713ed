namespace Aspire.Hosting.State;

/// <summary>
/// A folder that is deleted at the end. After kill -9 nobody deletes it: the next one that is made sweeps those whose lock
/// nobody holds any more.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "llmgateway-";
    private const string LockName = "in-use";
    private readonly FileStream _claim;

    public TemporaryFolder(UnixFileMode mode)
    {
        Sweep();
        Path = Directory.CreateTempSubdirectory(Prefix).FullName;
        File.SetUnixFileMode(Path, mode);
        _claim = Open(Path, FileMode.Create);
    }

    public string Path { get; }

    public void Dispose()
    {
        Delete(Path);
        _claim.Dispose();
    }

    private static FileStream Open(string folder, FileMode mode) =>
        new(System.IO.Path.Combine(folder, LockName), mode, FileAccess.ReadWrite, FileShare.None);

    private static void Sweep()
    {
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                // A folder that is just being made has no lock file yet, and is left alone.
                using var unclaimed = Open(folder, FileMode.Open);
                Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Claimed by a run, or somebody else's.
            }
        }
    }

    private static void Delete(string folder)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (DirectoryNotFoundException)
            {
                return;
            }
            catch (IOException) when (attempt < 3)
            {
                // A process that was just killed can still have written a last file.
            }
        }
    }
}
