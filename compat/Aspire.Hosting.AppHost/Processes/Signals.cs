using System.Runtime.InteropServices;

namespace Aspire.Hosting.Processes;

internal static partial class Signals
{
    private const int Kill9 = 9;

    public static void Send(int processId, PosixSignal signal) => _ = Kill(processId, Number(signal));

    public static void Kill(int processId) => _ = Kill(processId, Kill9);

    /// <summary>The process and all that it started, unless they left its group.</summary>
    public static void KillGroup(int processId) => _ = Kill(-processId, Kill9);

    private static int Number(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        PosixSignal.SIGTERM => 15,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "Not a signal that stops a process."),
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
