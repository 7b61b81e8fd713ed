using System.Runtime.InteropServices;

namespace Aspire.Hosting.Processes;

/// <summary>A process to start.</summary>
internal sealed record ProcessSpec(string Program, IReadOnlyList<string> Arguments, string WorkingDirectory)
{
    /// <summary>The whole environment; nothing is inherited besides.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Written to standard input, which is closed then.</summary>
    public string StandardInput { get; init; } = "";

    /// <summary>The user to run as; null is AppHost's own.</summary>
    public UnixUser? User { get; init; }

    /// <summary>Asks it to end in good order.</summary>
    public PosixSignal StopSignal { get; init; } = PosixSignal.SIGTERM;

    /// <summary>What the kernel sends it when AppHost dies without a word: KILL, TERM, QUIT.</summary>
    public string DeathSignal { get; init; } = "KILL";
}
