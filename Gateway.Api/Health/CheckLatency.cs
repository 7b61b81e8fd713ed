using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>How long what a check is about took to answer: the check itself may only read what another one was told a moment ago.</summary>
internal static class CheckLatency
{
    private const string Name = "latency";

    public static IReadOnlyDictionary<string, object> With(TimeSpan latency) => new Dictionary<string, object> { [Name] = latency };

    public static double MillisecondsOf(HealthReportEntry entry) =>
        Milliseconds(entry.Data.TryGetValue(Name, out var latency) ? (TimeSpan)latency : entry.Duration);

    public static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 1);
}
