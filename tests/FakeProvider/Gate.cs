namespace LlmGateway.FakeProvider;

/// <summary>Holds calls until the test opens it, and tells the test how many wait. It stays open.</summary>
public sealed class Gate
{
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _watchers = [];
    private int _arrived;

    /// <summary>Calls that have come to the gate so far.</summary>
    public int Arrived => Volatile.Read(ref _arrived);

    public void Open() => _open.TrySetResult();

    /// <summary>Ends when this many calls have come to the gate; a TimeoutException after 30 s.</summary>
    public Task ReachedAsync(int count = 1)
    {
        lock (_lock)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watchers.Add((count, reached));
            Notify();
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    internal Task PassAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _arrived++;
            Notify();
        }

        return _open.Task.WaitAsync(cancellationToken);
    }

    private void Notify() => _watchers.RemoveAll(watcher => _arrived >= watcher.Count && watcher.Reached.TrySetResult());
}
