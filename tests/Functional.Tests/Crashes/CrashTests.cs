using System.Diagnostics;
using System.Globalization;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests.Crashes;

/// <summary>P2, P3 and P4 through kill -9 of any process at any point (R4, R5). CRASH_SEED repeats a run's dice.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Clients = 12;

    /// <summary>Short enough to see the end of: half a second of it is the sweep's.</summary>
    private static readonly TimeSpan HoldLife = TimeSpan.FromSeconds(6);

    [Fact]
    public Task Ten_kills_over_all_processes_lose_nothing_and_charge_nothing_twice() => OverAllAsync(each: 2);

    [Fact]
    [Trait("Category", "Long")]
    public Task Twenty_kills_over_all_processes_lose_nothing_and_charge_nothing_twice() => OverAllAsync(each: 4);

    [Theory]
    [Trait("Category", "Long")]
    [InlineData("gateway")]
    [InlineData("routing")]
    [InlineData("billing")]
    [InlineData("postgres")]
    [InlineData("redis")]
    public Task Twenty_kills_of_one_process_lose_nothing_and_charge_nothing_twice(string victim) =>
        RunAsync(_ => [.. Enumerable.Repeat(victim, 20)]);

    private Task OverAllAsync(int each) =>
        RunAsync(dice => [.. Enumerable.Repeat(Killer.Processes, each).SelectMany(all => all).OrderBy(_ => dice.Next())]);

    private async Task RunAsync(Func<Random, string[]> victims)
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("CRASH_SEED") ?? $"{Stopwatch.GetTimestamp() % 1_000_000}", CultureInfo.InvariantCulture);
        output.WriteLine($"CRASH_SEED={seed}");
        await using var system = await StartAsync();
        await using var books = await Books.OfAsync(system);
        await using var load = await Load.StartAsync(system, Clients, seed);
        var dice = new Random(seed);
        await using (var killer = new Killer(system, load, dice, output))
        {
            killer.Supervise();
            await killer.KillAsync(victims(dice));
            await load.StopAsync();
        }

        await ShouldComeToRestAsync(books);
        var audit = await Audit.OfAsync(system, load, books);
        output.WriteLine(audit.Summary);
        foreach (var fault in audit.Faults.Take(50))
        {
            output.WriteLine(fault);
        }

        audit.Faults.ShouldBeEmpty();
        (await books.FaultsAsync()).ShouldBeEmpty();
        (await system.VerifyLedgerAsync()).ShouldBeEmpty();
        (await books.OutboxAsync()).ShouldBe((0, 0));
    }

    private static Task<GatewaySystem> StartAsync() => GatewaySystem.StartAsync(new SystemSettings
    {
        Environment =
        {
            ["Billing__HoldMinutes"] = HoldLife.TotalMinutes.ToString(CultureInfo.InvariantCulture),
            ["Billing__SweepSeconds"] = "0.5",
            ["Billing__RenewInterval"] = "00:00:00.500",
            ["Billing__SettleTimeout"] = "00:00:00.500",
            ["Billing__FirstHoldTokens"] = "4",
            ["Billing__DefaultBalance"] = "1000",
        },
    });

    /// <summary>P3: no hold without a call outlives its expiry, and what waits for Billing comes there.</summary>
    private async Task ShouldComeToRestAsync(Books books)
    {
        var stopped = Stopwatch.GetTimestamp();
        while (await books.OpenHoldsAsync() > 0 || (await books.OutboxAsync()).Waiting > 0)
        {
            Stopwatch.GetElapsedTime(stopped).ShouldBeLessThan(HoldLife + TimeSpan.FromSeconds(20), "holds or settlements are left");
            await Task.Delay(50);
        }

        output.WriteLine($"No hold and no settlement was left {Stopwatch.GetElapsedTime(stopped).TotalSeconds:0.0} s after the last call.");
    }
}
