using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Aspire.Hosting.Processes;

/// <summary>A running child and its output, line by line.</summary>
internal sealed class ChildProcess : IDisposable
{
    private const int KeptLines = 20;

    // A grandchild that keeps the pipe open must not keep us from noticing the exit.
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly PosixSignal _stopSignal;
    private readonly Action<string> _onLine;
    private readonly Queue<string> _lastLines = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessSpec spec, Action<string> onLine)
    {
        _process = new Process { StartInfo = ChildCommand.For(spec), EnableRaisingEvents = true };
        _process.Exited += (_, _) => _exited.TrySetResult();
        _stopSignal = spec.StopSignal;
        _onLine = onLine;
        Exit = Task.FromResult(0);
    }

    public int Id { get; private set; }

    /// <summary>The exit code, once the process has ended and its last lines were read. A signal n is 128 + n.</summary>
    public Task<int> Exit { get; private set; }

    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lastLines)
            {
                return [.. _lastLines];
            }
        }
    }

    public static async Task<ChildProcess> StartAsync(ProcessSpec spec, Action<string> onLine)
    {
        var child = new ChildProcess(spec, onLine);
        await Spawner.StartAsync(child._process);
        child.Id = child._process.Id;
        child.Exit = child.WatchAsync(spec.StandardInput);
        return child;
    }

    /// <summary>Asks it to end, and kills it when it does not within the limit.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        if (!_exited.Task.IsCompleted)
        {
            Signals.Send(Id, _stopSignal);
        }

        if (await Task.WhenAny(_exited.Task, Task.Delay(limit)) != _exited.Task)
        {
            Signals.KillGroup(Id);
        }

        await Exit;
    }

    public void Dispose() => _process.Dispose();

    private async Task<int> WatchAsync(string input)
    {
        var output = Task.WhenAll(ReadAsync(_process.StandardOutput), ReadAsync(_process.StandardError));
        await WriteAsync(input);
        await _exited.Task;

        // What it started and left behind goes with it; its group has no other members.
        Signals.KillGroup(Id);
        await Task.WhenAny(output, Task.Delay(OutputGrace));
        return _process.ExitCode;
    }

    private async Task WriteAsync(string input)
    {
        try
        {
            await _process.StandardInput.WriteAsync(input);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lastLines)
            {
                _lastLines.Enqueue(line);
                if (_lastLines.Count > KeptLines)
                {
                    _lastLines.Dequeue();
                }
            }

            _onLine(line);
        }
    }
}
