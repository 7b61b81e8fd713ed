namespace LlmGateway.Keys.Backup;

/// <summary>One restore at a time in this process: each has its whole document in memory.</summary>
internal sealed class RestoreTurn
{
    private int _isTaken;

    /// <returns>Null while another has it; else what ends it.</returns>
    public IDisposable? TryTake() => Interlocked.Exchange(ref _isTaken, 1) == 0 ? new Taken(this) : null;

    private sealed class Taken(RestoreTurn turn) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref turn._isTaken, 0);
    }
}
