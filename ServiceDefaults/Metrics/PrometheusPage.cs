namespace LlmGateway.ServiceDefaults.Metrics;

/// <summary>
/// The page of /metrics. Whoever asks within half a second of another gets the same one, so that no number of readers, welcome or not, costs
/// more than two collections a second, one at a time.
/// </summary>
internal sealed class PrometheusPage(PrometheusExporter exporter, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private Page? _latest;

    public PrometheusExporter Exporter => exporter;

    public async ValueTask<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        if (Fresh() is { } fresh)
        {
            return fresh;
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (Fresh() is { } made)
            {
                return made;
            }

            var began = time.GetTimestamp();
            var bytes = exporter.Render();
            Volatile.Write(ref _latest, new Page(bytes, began));
            return bytes;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private byte[]? Fresh() => Volatile.Read(ref _latest) is { } page && time.GetElapsedTime(page.Began) < Age ? page.Bytes : null;

    private sealed record Page(byte[] Bytes, long Began);
}
