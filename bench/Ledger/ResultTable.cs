using System.Globalization;

namespace LlmGateway.Bench.Ledger;

/// <summary>One line a run, and the best run at each number in flight: what else the machine does can only make a run worse.</summary>
internal sealed class ResultTable(TextWriter output)
{
    private readonly List<(int InFlight, PairRun Run, CpuTimes Cpu)> _rows = [];

    public void Add(int round, int inFlight, PairRun run, CpuTimes cpu)
    {
        if (_rows.Count == 0)
        {
            output.WriteLine("round  in flight  pairs/s   p50 ms   p99 ms  CPU s per 1,000 pairs: Billing  PostgreSQL");
        }

        _rows.Add((inFlight, run, cpu));
        Write(round.ToString(CultureInfo.InvariantCulture), inFlight, run, cpu);
    }

    public void Best()
    {
        foreach (var runs in _rows.GroupBy(row => row.InFlight))
        {
            var (inFlight, run, cpu) = runs.MaxBy(row => row.Run.PerSecond);
            Write("best", inFlight, run, cpu);
        }
    }

    private void Write(string round, int inFlight, PairRun run, CpuTimes cpu) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{round,5}  {inFlight,9}  {run.PerSecond,7:F0}  {run.Median.TotalMilliseconds,7:F2}  {run.Slow.TotalMilliseconds,7:F2}  {cpu.Billing.TotalSeconds * 1000 / run.Pairs,30:F3}  {cpu.Postgres.TotalSeconds * 1000 / run.Pairs,10:F3}"));
}
