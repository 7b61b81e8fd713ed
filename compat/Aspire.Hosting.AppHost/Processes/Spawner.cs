using System.Collections.Concurrent;
using System.Diagnostics;

namespace Aspire.Hosting.Processes;

/// <summary>
/// Starts every child from one thread that lives as long as this process. The kernel's parent-death signal follows the
/// thread that forked, not the process: a child that a pool thread started would die when the pool retires that thread.
/// </summary>
internal static class Spawner
{
    private static readonly BlockingCollection<Action> Work = [];

    static Spawner() => new Thread(Loop) { IsBackground = true, Name = "process spawner" }.Start();

    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be executed.</exception>
    public static Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception e)
            {
                started.SetException(e);
            }
        });
        return started.Task;
    }

    private static void Loop()
    {
        foreach (var start in Work.GetConsumingEnumerable())
        {
            start();
        }
    }
}
