using System.Diagnostics;
using LlmGateway.Gateway.Web;

namespace LlmGateway.Gateway.Health;

/// <summary>What the gateway's process uses, and what of it is there.</summary>
internal sealed class SystemState(ConnectionCount connections, IHostEnvironment environment, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _sampledAt = time.GetTimestamp();
    private TimeSpan _sampled = Environment.CpuUsage.TotalTime;
    private double _percent;

    public SystemBody Read()
    {
        var gc = GC.GetGCMemoryInfo();
        var disk = new DriveInfo(environment.ContentRootPath);
        using var process = Process.GetCurrentProcess();
        var uptime = time.GetUtcNow().UtcDateTime - process.StartTime.ToUniversalTime();
        var used = Environment.CpuUsage.TotalTime;
        return new(
            Math.Round(uptime.TotalSeconds),
            new(Environment.ProcessorCount, Math.Round(used.TotalSeconds, 2), PercentOf(used)),
            new(Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), gc.TotalAvailableMemoryBytes),
            new(disk.TotalSize, disk.AvailableFreeSpace),
            new(GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), gc.PauseTimePercentage),
            new(ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount),
            new(connections.Open));
    }

    private double PercentOf(TimeSpan used)
    {
        lock (_lock)
        {
            var elapsed = time.GetElapsedTime(_sampledAt);
            if (elapsed >= Shortest)
            {
                _percent = Math.Round(100 * (used - _sampled) / elapsed / Environment.ProcessorCount, 1);
                (_sampledAt, _sampled) = (time.GetTimestamp(), used);
            }

            return _percent;
        }
    }
}
