using System.Diagnostics;
using System.Net;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests;

/// <summary>Guessing costs the guesser, and nobody else; and a revoked key stops within a second.</summary>
[Trait("Category", "Timed")]
public sealed class KeysFloodTests(RunningSystem running, ITestOutputHelper output) : IClassFixture<RunningSystem>
{
    private const int WrongKeys = 1_000;
    private const int GoodCalls = 100;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_thousand_distinct_wrong_keys_a_second_leave_a_good_key_s_p99_within_three_times_its_quiet_figure()
    {
        var system = running.System;
        var warmUp = new WrongKeyFlood(system.Gateway, WrongKeys).RunAsync(WarmUp);
        await GoodCallsAsync(system.Http, WarmUp);
        await warmUp;

        // A p99 of a thousand calls is its tenth-slowest: whatever else the machine does shows in one of the two. Three tries, the same limit in each.
        for (var tries = 3; !await IsLeftInPeaceAsync(system, last: tries == 1); tries--)
        {
        }
    }

    private async Task<bool> IsLeftInPeaceAsync(GatewaySystem system, bool last)
    {
        var quiet = await GoodCallsAsync(system.Http, Duration);
        var flood = new WrongKeyFlood(system.Gateway, WrongKeys);
        var flooding = flood.RunAsync(Duration);
        var flooded = await GoodCallsAsync(system.Http, Duration);
        await flooding;

        var (before, during) = (Percentile(quiet, 0.99), Percentile(flooded, 0.99));
        output.WriteLine($"p99 quiet {before.TotalMilliseconds:0.0} ms, flooded {during.TotalMilliseconds:0.0} ms; "
            + $"p50 {Percentile(quiet, 0.5).TotalMilliseconds:0.0} and {Percentile(flooded, 0.5).TotalMilliseconds:0.0} ms; "
            + $"{flood.Sent} wrong keys, {flood.Refused} refused, {flood.Others} answered otherwise.");
        flood.Sent.ShouldBe(WrongKeys * (int)Duration.TotalSeconds);
        (flood.Refused + flood.Others).ShouldBe(flood.Sent);
        flood.Refused.ShouldBeGreaterThan(flood.Sent * 99 / 100);
        if (last)
        {
            during.ShouldBeLessThan(before * 3);
        }

        return during < before * 3;
    }

    [Fact]
    public async Task A_revoked_key_is_refused_within_a_second()
    {
        var slowest = TimeSpan.Zero;
        for (var number = 0; number < 5; number++)
        {
            var key = await Administrator.IssueKeyAsync(running.System, $"revoked-{number}");

            // Right after a flood a key that is new here waits a second.
            await KeysSystem.UntilAsync(running.Http, key, HttpStatusCode.OK, KeysSystem.Limit);

            using var revoked = await KeysSystem.SendAsync(running.Http, GatewaySystem.AdminKey, HttpMethod.Post, $"/admin/accounts/revoked-{number}/revoke");
            revoked.EnsureSuccessStatusCode();
            var time = await KeysSystem.UntilAsync(running.Http, key, HttpStatusCode.Forbidden, KeysSystem.Limit);
            slowest = time > slowest ? time : slowest;
        }

        output.WriteLine($"The slowest of five was refused after {slowest.TotalMilliseconds:0} ms.");
        slowest.ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    // At their times, whatever becomes of the ones before.
    private static async Task<List<TimeSpan>> GoodCallsAsync(HttpClient http, TimeSpan duration)
    {
        List<Task<TimeSpan>> calls = [];
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / GoodCalls));
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            await timer.WaitForNextTickAsync();
            calls.Add(CallAsync(http));
        }

        return [.. await Task.WhenAll(calls)];
    }

    private static async Task<TimeSpan> CallAsync(HttpClient http)
    {
        var began = Stopwatch.GetTimestamp();
        using var response = await http.GetAsync(new Uri("/v1/models", UriKind.Relative));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return Stopwatch.GetElapsedTime(began);
    }

    private static TimeSpan Percentile(List<TimeSpan> times, double share) => times.Order().ElementAt((int)(times.Count * share));
}
