using System.Globalization;

namespace Aspire.Hosting.Processes;

/// <summary>
/// Processes of an earlier run that still use a data folder as their working directory, as servers do. They can only be
/// left-overs: a folder is claimed by one run at a time (StateFolder), and the kernel ends our children with us; a
/// server that writes its last pages just takes a moment.
/// </summary>
internal static class OrphanedProcesses
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static async Task EndAsync(string workingDirectory, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; Find(workingDirectory) is { Count: > 0 } left; waited += Pause)
        {
            foreach (var process in left)
            {
                // Nothing tells when a process that is not our child ends.
                if (waited == TimeSpan.Zero)
                {
                    Signals.Send(process, System.Runtime.InteropServices.PosixSignal.SIGQUIT);
                }
                else if (waited >= Patience)
                {
                    Signals.Kill(process);
                }
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static List<int> Find(string workingDirectory) => !Directory.Exists("/proc") ? [] :
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && WorkingDirectory(id) == workingDirectory && IsServer(id)),
    ];

    // Somebody's shell may stand in the folder too.
    private static bool IsServer(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/comm").Trim() is "postgres" or "redis-server";
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string? WorkingDirectory(int processId)
    {
        try
        {
            return new FileInfo($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // It ended, or it is another user's.
        }
    }
}
