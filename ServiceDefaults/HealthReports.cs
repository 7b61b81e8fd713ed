using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace LlmGateway.ServiceDefaults;

/// <summary>What all checks said at a time.</summary>
/// <param name="Report">Of every check.</param>
/// <param name="Time">When it was taken.</param>
/// <param name="Since">By check: from when on each report in a row has said the same of it.</param>
public sealed record HealthState(HealthReport Report, DateTimeOffset Time, IReadOnlyDictionary<string, DateTimeOffset> Since);

/// <summary>
/// The checks' results, for everybody who wants to know them. Health endpoints are open to anyone: however often they are called, the checks run once a
/// second, or four times a second while something is wrong, so that its return is seen at once.
/// </summary>
public sealed class HealthReports
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeptWhileUnwell = TimeSpan.FromMilliseconds(250);

    private readonly HealthCheckService _checks;
    private readonly TimeProvider _time;
    private readonly SharedAnswer<HealthState> _shared;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (HealthStatus Status, DateTimeOffset Since)> _seen = [];
    private Action<HealthState>? _taken;

    public HealthReports(HealthCheckService checks, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        (_checks, _time) = (checks, time);
        _shared = new(time, TakeAsync, static state => state.Report.Status == HealthStatus.Healthy ? Kept : KeptWhileUnwell);

        // A load balancer that looks right after the signal must not find the service ready.
        lifetime.ApplicationStopping.Register(_shared.Forget);
    }

    /// <summary>From now on, after each run of the checks, with what they said.</summary>
    public void Watch(Action<HealthState> note) => _taken += note;

    public Task<HealthState> ReadAsync(CancellationToken cancellationToken) => _shared.AskAsync().WaitAsync(cancellationToken);

    // Nobody's own: who asked first may leave.
    private async Task<HealthState> TakeAsync()
    {
        using var activity = new Activity("health").Start();
        HealthEndpoints.LeaveUntraced(activity);
        var report = await _checks.CheckHealthAsync(CancellationToken.None);
        var state = Note(report, _time.GetUtcNow());
        _taken?.Invoke(state);
        return state;
    }

    private HealthState Note(HealthReport report, DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var (name, entry) in report.Entries)
            {
                if (!_seen.TryGetValue(name, out var before) || before.Status != entry.Status)
                {
                    _seen[name] = (entry.Status, now);
                }
            }

            return new(report, now, _seen.ToDictionary(check => check.Key, check => check.Value.Since));
        }
    }
}

internal static class HealthReportsRegistration
{
    // A store that neither answers nor refuses: its check ends too, and says so.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void AddHealthReports(this IServiceCollection services)
    {
        services.AddSingleton<HealthReports>();
        services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var check in health.Registrations.Where(check => check.Timeout == Timeout.InfiniteTimeSpan))
            {
                check.Timeout = Patience;
            }
        });
    }
}
