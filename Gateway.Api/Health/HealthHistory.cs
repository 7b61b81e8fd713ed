using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>The last overall results: one each ten seconds, and one whenever something has changed.</summary>
internal sealed class HealthHistory(HealthReports reports, TimeProvider time) : BackgroundService
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private const int Length = 10;

    private readonly Lock _lock = new();
    private readonly Queue<HealthResultBody> _results = new(Length);
    private HealthResultBody? _newest;

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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        reports.Watch(NoteChange);
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            Add(ResultOf(await reports.ReadAsync(stoppingToken)));
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static HealthResultBody ResultOf(HealthState state)
    {
        var failing = state.Report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy).Select(entry => entry.Key);
        return new(state.Time.UtcDateTime, HealthEndpoints.Name(state.Report.Status), [.. failing.Order(StringComparer.Ordinal)]);
    }

    private void NoteChange(HealthState state)
    {
        var result = ResultOf(state);
        lock (_lock)
        {
            if (_newest is null || _newest.Status != result.Status || !_newest.Failing.SequenceEqual(result.Failing))
            {
                Add(result);
            }
        }
    }

    private void Add(HealthResultBody result)
    {
        lock (_lock)
        {
            // The report that showed a change may be the one of this moment too.
            if (_newest is not null && result.Timestamp <= _newest.Timestamp)
            {
                return;
            }

            if (_results.Count == Length)
            {
                _results.Dequeue();
            }

            _results.Enqueue(_newest = result);
        }
    }
}
