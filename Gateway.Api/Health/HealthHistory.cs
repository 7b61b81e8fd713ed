using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>The last overall results, of which the framework asks for one each half minute.</summary>
internal sealed class HealthHistory(TimeProvider time) : IHealthCheckPublisher
{
    private const int Length = 10;

    private readonly Lock _lock = new();
    private readonly Queue<HealthResultBody> _results = new(Length);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<HealthResultBody> Results
    {
        get
        {
            lock (_lock)
            {
                return [.. _results.Reverse()];
            }
        }
    }

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        var failing = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).Select(entry => entry.Key);
        var result = new HealthResultBody(time.GetUtcNow().UtcDateTime, HealthWords.Of(report.Status), [.. failing]);
        lock (_lock)
        {
            if (_results.Count == Length)
            {
                _results.Dequeue();
            }

            _results.Enqueue(result);
        }

        return Task.CompletedTask;
    }
}
