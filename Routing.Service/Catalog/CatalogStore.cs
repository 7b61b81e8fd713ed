namespace LlmGateway.Routing.Catalog;

/// <summary>Holds the snapshot in force. Readers take it without a lock; one reference write replaces it.</summary>
internal sealed class CatalogStore
{
    private CatalogSnapshot _current = CatalogSnapshot.Empty;
    private TaskCompletionSource _replaced = NewSignal();

    public CatalogSnapshot Current => Volatile.Read(ref _current);

    public void Replace(CatalogSnapshot next)
    {
        Volatile.Write(ref _current, next);
        Interlocked.Exchange(ref _replaced, NewSignal()).SetResult();
    }

    /// <summary>Ends when another snapshot than this one is in force.</summary>
    public async Task<CatalogSnapshot> AfterAsync(CatalogSnapshot seen, CancellationToken cancellationToken)
    {
        while (true)
        {
            var signal = Volatile.Read(ref _replaced).Task;
            if (Current != seen)
            {
                return Current;
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
