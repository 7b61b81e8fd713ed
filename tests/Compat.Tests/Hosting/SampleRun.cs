using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LlmGateway.Compat.Tests.Hosting;

/// <summary>The sample AppHost as a process of its own, as `dotnet run` would start it, and what it prints.</summary>
internal sealed partial class SampleRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<string, (int Process, string Address)> _up = new();
    private readonly TaskCompletionSource _allUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SampleRun(string state, string[] arguments)
    {
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [RepositoryPaths.SampleHost, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["LLMGATEWAY_STATE"] = state },
            },
        };
        _process.OutputDataReceived += (_, e) => OnLine(e.Data);
        _process.ErrorDataReceived += (_, e) => OnLine(e.Data);
    }

    public string Output => string.Join('\n', _lines);

    /// <summary>Of the resources that are up, by name.</summary>
    public IReadOnlyDictionary<string, (int Process, string Address)> Up => _up;

    public int ProcessId => _process.Id;

    public static SampleRun Start(string state, params string[] arguments)
    {
        var run = new SampleRun(state, arguments);
        run._process.Start();
        run._process.BeginOutputReadLine();
        run._process.BeginErrorReadLine();
        return run;
    }

    public static async Task<SampleRun> StartAndWaitAsync(string state)
    {
        var run = Start(state);
        var ended = run._process.WaitForExitAsync();
        var first = await Task.WhenAny(run._allUp.Task, ended, Task.Delay(Patience));
        if (first != run._allUp.Task)
        {
            await run.DisposeAsync();
            throw new InvalidOperationException($"The run did not come up:{Environment.NewLine}{run.Output}");
        }

        return run;
    }

    /// <summary>All processes of the run but the host: the resources' own, and PostgreSQL's backends.</summary>
    public List<int> Children() =>
        [.. Up.Values.Select(up => up.Process).Where(id => id > 0), .. ProcessTable.ChildrenOf(Up["postgres"].Process)];

    /// <summary>Lines arrive when they arrive: polled.</summary>
    public async Task PrintsAsync(string text)
    {
        var began = Stopwatch.GetTimestamp();
        while (!Output.Contains(text, StringComparison.Ordinal) && Stopwatch.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(20);
        }

        Output.ShouldContain(text);
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // "postgres  Healthy        8985     tcp://127.0.0.1:20659"
    [GeneratedRegex(@"^(?<name>\S+) +Healthy(?: +(?<process>\d+) +(?<address>\S+))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UpRow { get; }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        if (UpRow.Match(line) is { Success: true } row)
        {
            _ = int.TryParse(row.Groups["process"].Value, CultureInfo.InvariantCulture, out var process);
            _up[row.Groups["name"].Value] = (process, row.Groups["address"].Value);
            if (_up.ContainsKey("edge"))
            {
                _allUp.TrySetResult();
            }
        }
    }
}
