namespace LlmGateway.Gateway.Limits;

/// <summary>Asks Redis all the time, so that nobody waits for one that hangs, and renews the places of running calls.</summary>
internal sealed class LimitStoreWatch(LimitStore store, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    // With the period less than a second together.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    // A Redis that is back stays away so long: one that comes and goes would lose the counts each time.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(30);

    private readonly LimitRule _probe = new(LimitScope.Global, RateUnit.Reads, long.MaxValue / 2, 1_000, $"llmgw:{{limits}}:probe:{Guid.NewGuid():N}");
    private Task? _asked;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (renewedAt, sweptAt) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            if (store.WantsRedis)
            {
                await LookAsync(stoppingToken);
            }

            if (time.GetElapsedTime(renewedAt) >= store.LeaseTime / 3)
            {
                renewedAt = time.GetTimestamp();
                await store.RenewAsync();
            }

            if (time.GetElapsedTime(sweptAt) >= SweepPeriod)
            {
                sweptAt = time.GetTimestamp();
                store.Sweep();
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        // One question at a time: those to a Redis that hangs would pile up.
        _asked = _asked is { IsCompleted: false } ? _asked : AskAsync();
        try
        {
            await _asked.WaitAsync(Patience, time, stoppingToken);
            if (!store.InRedis && store.SinceSwitch >= Rest)
            {
                store.Recover();
            }
        }
        catch (TimeoutException)
        {
            store.Fail("it does not answer");
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested && LimitStore.IsFailure(exception))
        {
            store.Fail(LimitStore.Reason(exception));
        }
    }

    private Task AskAsync() => store.ProbeAsync(_probe);
}
