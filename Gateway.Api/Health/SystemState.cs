using System.Diagnostics;
using LlmGateway.Gateway.Web;

namespace LlmGateway.Gateway.Health;

/// <summary>What the gateway's process uses, and what of it is there.</summary>
internal static class SystemState
{
    public static SystemBody Of(ConnectionCount connections, IHostEnvironment environment, TimeProvider time)
    {
        var gc = GC.GetGCMemoryInfo();
        var disk = new DriveInfo(environment.ContentRootPath);
        using var process = Process.GetCurrentProcess();
        var uptime = time.GetUtcNow().UtcDateTime - process.StartTime.ToUniversalTime();
        return new(
            Math.Round(uptime.TotalSeconds),
            new(Environment.ProcessorCount, Math.Round(Environment.CpuUsage.TotalTime.TotalSeconds, 2)),
            new(Environment.WorkingSet, GC.GetTotalMemory(forceFullCollection: false), gc.TotalAvailableMemoryBytes),
            new(disk.TotalSize, disk.AvailableFreeSpace),
            new(GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2), gc.PauseTimePercentage),
            new(ThreadPool.ThreadCount, ThreadPool.PendingWorkItemCount),
            new(connections.Open));
    }
}
