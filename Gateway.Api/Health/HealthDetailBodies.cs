using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlmGateway.Gateway.Health;

/// <summary>GET /health/detailed.</summary>
internal sealed record DetailedHealthBody(
    string Status, string Version, string Environment, DateTime Timestamp, double LatencyMs, IReadOnlyDictionary<string, ComponentBody> Components);

/// <param name="LatencyMs">How long its check took.</param>
internal sealed record ComponentBody(string Status, string? Description, double LatencyMs);

/// <summary>GET /health/history.</summary>
/// <param name="Results">Newest first.</param>
internal sealed record HealthHistoryBody(IReadOnlyList<HealthResultBody> Results);

/// <param name="Failing">Checks that were not healthy.</param>
internal sealed record HealthResultBody(DateTime Timestamp, string Status, IReadOnlyList<string> Failing);

/// <summary>GET /health/monitoring: where what happens is shown.</summary>
internal sealed record MonitoringBody(ExporterBody Prometheus, ExporterBody Otlp, ExporterBody Sentry, ExporterBody Langfuse);

internal sealed record ExporterBody(bool Enabled);

/// <summary>GET /health/system. Bytes and seconds.</summary>
internal sealed record SystemBody(
    double UptimeSeconds, CpuBody Cpu, MemoryBody Memory, DiskBody Disk, CollectorBody Gc, ThreadsBody Threads, ConnectionsBody Connections);

internal sealed record CpuBody(int Processors, double UsedSeconds);

/// <param name="AvailableBytes">That the process may have.</param>
internal sealed record MemoryBody(long WorkingSetBytes, long HeapBytes, long AvailableBytes);

internal sealed record DiskBody(long TotalBytes, long FreeBytes);

internal sealed record CollectorBody(int Gen0, int Gen1, int Gen2, double PausePercent);

internal sealed record ThreadsBody(int Count, long Waiting);

internal sealed record ConnectionsBody(int Open);

internal static class HealthWords
{
    public static string Of(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

[JsonSerializable(typeof(DetailedHealthBody))]
[JsonSerializable(typeof(HealthHistoryBody))]
[JsonSerializable(typeof(MonitoringBody))]
[JsonSerializable(typeof(SystemBody))]
internal sealed partial class HealthDetailsJson : JsonSerializerContext
{
    public static HealthDetailsJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
