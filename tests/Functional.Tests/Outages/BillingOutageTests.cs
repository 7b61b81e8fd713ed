using System.Diagnostics;
using System.Net;
using LlmGateway.SystemUnderTest;
using Xunit.Abstractions;

namespace LlmGateway.Functional.Tests.Outages;

/// <summary>P7 and R6 through the gateway: Billing or its database gone, killed or frozen. Refusals are quick, and so is the return.</summary>
[Trait("Category", "Timed")]
public sealed class BillingOutageTests(OutageSystem running, ITestOutputHelper output) : IClassFixture<OutageSystem>
{
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(5);

    private GatewaySystem System => running.System;

    [Theory]
    [InlineData("billing", true)]
    [InlineData("billing", false)]
    [InlineData("postgres", true)]
    [InlineData("postgres", false)]
    public async Task Every_call_is_refused_at_once_and_none_soon_after_the_return(string resource, bool killed)
    {
        await UntilAnsweredAsync();
        var reached = System.Provider.Calls.Count;
        await (killed ? System.KillAsync(resource) : System.FreezeAsync(resource));
        try
        {
            await Task.Delay(Notice);
            await ShouldRefuseAsync();
            if ((resource, killed) is not ("billing", false))
            {
                await ShouldRefuseReadsAsync();
            }
        }
        finally
        {
            await (killed ? System.StartAgainAsync(resource) : System.ThawAsync(resource));
        }

        System.Provider.Calls.Count.ShouldBe(reached, "what has no hold is not sent");
        var returned = Stopwatch.GetTimestamp();
        await UntilAnsweredAsync();
        output.WriteLine($"Back after {Stopwatch.GetElapsedTime(returned).TotalMilliseconds:0} ms.");
        Stopwatch.GetElapsedTime(returned).ShouldBeLessThan(Back);
        (await Balance.WithoutHoldsAsync(System.Http, TimeSpan.FromSeconds(20))).Held.ShouldBe(0);
    }

    private async Task UntilAnsweredAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await CallAsync()).Answer.Ended)
        {
            Stopwatch.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(30));
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    private async Task ShouldRefuseAsync()
    {
        var times = new List<TimeSpan>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Watched)
        {
            foreach (var (answer, time) in await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => CallAsync())))
            {
                answer.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
                answer.ErrorCode.ShouldBe("billing_unavailable");
                times.Add(time);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        // What waits for a deadline is one call in ten or more; one in a hundred is left to the machine's own pauses.
        times.Sort();
        output.WriteLine($"{times.Count} refusals, the slowest after {times[^1].TotalMilliseconds:0} ms.");
        times[^(1 + (times.Count / 100))].ShouldBeLessThan(AtOnce);
    }

    private async Task ShouldRefuseReadsAsync()
    {
        foreach (var path in (string[])["/billing/balance", "/billing/transactions"])
        {
            var asked = Stopwatch.GetTimestamp();
            using var response = await System.Http.GetAsync(new Uri(path, UriKind.Relative));
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, path);

            // The gateway's client asks three times before it believes it.
            Stopwatch.GetElapsedTime(asked).ShouldBeLessThan(2 * AtOnce, path);
        }
    }

    private async Task<(ChatAnswer Answer, TimeSpan Time)> CallAsync()
    {
        var asked = Stopwatch.GetTimestamp();
        var answer = await new ChatCall(System.Http, GatewaySystem.Model).StreamAsync();
        return (answer, Stopwatch.GetElapsedTime(asked));
    }
}

/// <summary>One system for outages, one after the other.</summary>
public sealed class OutageSystem : IAsyncLifetime
{
    private GatewaySystem? _system;

    public GatewaySystem System => _system ?? throw new InvalidOperationException("The system has not been started.");

    public async Task InitializeAsync() => _system = await GatewaySystem.StartAsync(new SystemSettings
    {
        // Keys are to be verified anew within the outage, because that must not hold a refusal up either.
        Environment = { ["Auth__FreshSeconds"] = "1" },
    });

    public async Task DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.DisposeAsync();
        }
    }
}
