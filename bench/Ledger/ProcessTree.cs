using System.Globalization;

namespace LlmGateway.Bench.Ledger;

internal sealed record RunningProcess(int Id, int Parent, string Name, string Arguments, TimeSpan Cpu);

/// <summary>From /proc, because System.Diagnostics.Process knows neither a process's parent nor the CPU of children that ended.</summary>
internal static class ProcessTree
{
    // USER_HZ, which is 100 on every Linux that .NET runs on.
    private const long TicksPerJiffy = TimeSpan.TicksPerSecond / 100;

    /// <summary>All descendants.</summary>
    public static List<RunningProcess> Of(int ancestor)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Read(id) : null)
            .OfType<RunningProcess>()
            .ToLookup(process => process.Parent);
        var found = new List<RunningProcess>(children[ancestor]);
        for (var index = 0; index < found.Count; index++)
        {
            found.AddRange(children[found[index].Id]);
        }

        return found;
    }

    // proc(5), stat: pid (name) state ppid … utime, stime, cutime, cstime are the fields 14 to 17. The name may have spaces and parentheses.
    private static RunningProcess? Read(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var (open, close) = (stat.IndexOf('('), stat.LastIndexOf(')'));
            var fields = stat[(close + 2)..].Split(' ');
            var jiffies = fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            return new(
                id, int.Parse(fields[1], CultureInfo.InvariantCulture), stat[(open + 1)..close],
                File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' '), TimeSpan.FromTicks(jiffies * TicksPerJiffy));
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return null;
        }
    }
}
