using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests.Crashes;

/// <summary>Kills processes at random points and starts them again, as a supervisor would.</summary>
internal sealed class Killer(GatewaySystem system, Load load, Random dice, ITestOutputHelper output) : IAsyncDisposable
{
    public static readonly IReadOnlyList<string> Processes = ["gateway", "routing", "billing", "postgres", "redis"];

    private const int Killed = 128 + 9;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _supervisors = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public void Supervise()
    {
        foreach (var resource in (string[])[.. Processes, "keys"])
        {
            _supervisors.Add(SuperviseAsync(resource));
        }
    }

    /// <summary>kill -9, at a moment that the dice choose. Mostly when the system works again; now and then while it still recovers.</summary>
    public async Task KillAsync(IReadOnlyList<string> victims)
    {
        var last = "the start";
        foreach (var victim in victims)
        {
            if (dice.Next(3) > 0)
            {
                await load.ProgressAsync(calls: 3, last);
            }

            await Task.Delay(dice.Next(250));

            // Half of PostgreSQL's deaths are that of one of its own processes, upon which it ends all and recovers by itself.
            var child = victim == "postgres" && dice.Next(2) == 0 && await system.KillChildAsync(victim, dice);
            if (!child)
            {
                await system.KillAsync(victim);
            }

            last = $"the kill of {victim}{(child ? "'s child" : "")} at {_clock.Elapsed.TotalSeconds:0.000} s";
            output.WriteLine($"{last}; {load.Finished} calls had finished");
        }

        await load.ProgressAsync(calls: 30, last);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_supervisors);
        _stop.Dispose();
    }

    private async Task SuperviseAsync(string resource)
    {
        try
        {
            while (true)
            {
                var ended = await system.WaitForStateAsync(resource, _stop.Token, KnownResourceStates.Exited, KnownResourceStates.FailedToStart);
                if (ended.Snapshot.ExitCode is not (null or Killed))
                {
                    output.WriteLine($"{resource} ended by itself with {ended.Snapshot.ExitCode} at {_clock.Elapsed.TotalSeconds:0.000} s");
                }

                if (await system.LaunchAsync(resource) is not null)
                {
                    // What it needs was killed meanwhile.
                    await Task.Delay(100, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }
}
