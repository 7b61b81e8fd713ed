using System.Text.Json;
using System.Text.Json.Serialization;

namespace LlmGateway.Gateway.Health;

/// <summary>GET /health/detailed.</summary>
internal sealed record DetailedHealthBody(
    string Status, string Version, string Environment, DateTime Timestamp, double LatencyMs, IReadOnlyDictionary<string, ComponentBody> Components);

/// <param name="LatencyMs">How long the part took to answer, or its check to end.</param>
/// <param name="Since">From when on it has been in this state, as far as this gateway knows.</param>
/// <param name="Instances">Of a service: its processes.</param>
internal sealed record ComponentBody(string Status, string? Description, double LatencyMs, DateTime Since, IReadOnlyList<InstanceBody>? Instances);

/// <summary>A process of a service, by its own word.</summary>
/// <param name="LatencyMs">How long it took to answer, its own checks included.</param>
/// <param name="Database">The state of its own database; unknown when it does not answer.</param>
/// <param name="Checks">By name.</param>
internal sealed record InstanceBody(string Status, string? Description, double LatencyMs, string Database, IReadOnlyDictionary<string, ReportedCheckBody> Checks);

internal sealed record ReportedCheckBody(string Status, string? Description, double LatencyMs);

/// <summary>GET /health/history.</summary>
/// <param name="Results">Newest first.</param>
internal sealed record HealthHistoryBody(IReadOnlyList<HealthResultBody> Results);

/// <param name="Failing">Checks that were not healthy.</param>
internal sealed record HealthResultBody(DateTime Timestamp, string Status, IReadOnlyList<string> Failing);

/// <summary>GET /health/monitoring: where what happens is shown, and what did not get there.</summary>
/// <param name="Prometheus">Whether /metrics is there.</param>
/// <param name="Dropped">Spans and log records that found an exporter's queue full, by signal.</param>
internal sealed record MonitoringBody(
    SwitchBody Prometheus, ExporterBody Otlp, ExporterBody Sentry, ExporterBody Langfuse, IReadOnlyDictionary<string, long> Dropped);

internal sealed record SwitchBody(bool Enabled);

/// <param name="Host">Where to, without path and credentials.</param>
/// <param name="Signals">By traces and logs, in items.</param>
internal sealed record ExporterBody(bool Enabled, string? Host, IReadOnlyDictionary<string, SignalBody> Signals);

internal sealed record SignalBody(long Exported, long NotDelivered);

/// <summary>GET /health/system. Bytes and seconds.</summary>
internal sealed record SystemBody(
    double UptimeSeconds, CpuBody Cpu, MemoryBody Memory, DiskBody Disk, CollectorBody Gc, ThreadsBody Threads, ConnectionsBody Connections);

/// <param name="UsedPercent">Of all processors, over the time since the last question but one second at least.</param>
internal sealed record CpuBody(int Processors, double UsedSeconds, double UsedPercent);

/// <param name="AvailableBytes">That the process may have.</param>
internal sealed record MemoryBody(long WorkingSetBytes, long HeapBytes, long AvailableBytes);

internal sealed record DiskBody(long TotalBytes, long FreeBytes);

internal sealed record CollectorBody(int Gen0, int Gen1, int Gen2, double PausePercent);

internal sealed record ThreadsBody(int Count, long Waiting);

internal sealed record ConnectionsBody(int Open);

[JsonSerializable(typeof(DetailedHealthBody))]
[JsonSerializable(typeof(HealthHistoryBody))]
[JsonSerializable(typeof(MonitoringBody))]
[JsonSerializable(typeof(SystemBody))]
internal sealed partial class HealthDetailsJson : JsonSerializerContext
{
    public static HealthDetailsJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
