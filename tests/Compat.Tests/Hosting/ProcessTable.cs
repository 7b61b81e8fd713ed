using System.Diagnostics;
using System.Globalization;

namespace LlmGateway.Compat.Tests.Hosting;

/// <summary>/proc, as far as tests need it. A zombie counts as gone.</summary>
internal static class ProcessTable
{
    public static bool IsAlive(int processId) => Status(processId, "State") is { } state && state[0] != 'Z';

    public static string? WorkingDirectory(int processId) =>
        new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cwd")).LinkTarget;

    public static string? User(int processId) => Status(processId, "Uid")?.Split('\t')[0];

    public static List<int> ChildrenOf(int processId) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && Status(id, "PPid") == processId.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>Nothing signals the end of a process that is not our child: polled.</summary>
    public static async Task ShouldBeGoneAsync(IReadOnlyCollection<int> processes, TimeSpan within)
    {
        var began = Stopwatch.GetTimestamp();
        while (processes.Any(IsAlive) && Stopwatch.GetElapsedTime(began) < within)
        {
            await Task.Delay(20);
        }

        processes.Where(IsAlive).ShouldBeEmpty();
    }

    // "State:\tS (sleeping)", "PPid:\t1", "Uid:\t101\t101\t101\t101"
    private static string? Status(int processId, string field)
    {
        try
        {
            return File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status"))
                .FirstOrDefault(line => line.StartsWith(field + ":", StringComparison.Ordinal))?[(field.Length + 2)..];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
