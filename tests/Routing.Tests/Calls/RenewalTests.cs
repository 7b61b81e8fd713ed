using Google.Protobuf.WellKnownTypes;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Billing says how long holds live, and running calls keep theirs.</summary>
public sealed class RenewalTests
{
    [Fact]
    public async Task Holds_that_are_over_hurry_nobody_even_one_that_looked_expired_by_this_clock()
    {
        var time = new FakeTime();
        var billing = new ScriptedBilling(request => request switch
        {
            HoldRequest { PromptTokens: var seconds } => new HoldReply
            {
                Hold = new() { ExpiresAt = Timestamp.FromDateTimeOffset(time.GetUtcNow() + TimeSpan.FromSeconds(seconds)) },
            },
            RenewRequest => new RenewReply { ExpiresAt = new() },
            _ => throw new NotSupportedException(),
        });
        using var renewer = new HoldRenewer(billing.Client, Options.Create(new BillingOptions()), time, NullLogger<HoldRenewer>.Instance);
        await renewer.StartAsync(CancellationToken.None);

        using var tenMinutes = renewer.Keep(await HoldAsync("long", 600));
        renewer.Period.ShouldBe(TimeSpan.FromMinutes(1));
        using var nine = renewer.Keep(await HoldAsync("short", 9));
        renewer.Period.ShouldBe(TimeSpan.FromSeconds(3));
        using (renewer.Keep(await HoldAsync("over", 0)))
        {
            renewer.Period.ShouldBe(TimeSpan.FromMilliseconds(500));
        }

        time.Advance(TimeSpan.FromMilliseconds(500));
        await Wait.UntilAsync(() => Task.FromResult(renewer.Period == TimeSpan.FromSeconds(3)));
        nine.Dispose();
        time.Advance(TimeSpan.FromSeconds(3));
        await Wait.UntilAsync(() => Task.FromResult(renewer.Period == TimeSpan.FromMinutes(1)));
        billing.Asked<RenewRequest>().Select(request => request.RequestId).ShouldBe(["long", "short", "long"], ignoreOrder: true);
        await renewer.StopAsync(CancellationToken.None);

        async Task<HeldCall> HoldAsync(string id, long seconds)
        {
            var watch = new BillingWatch(billing.Client, time, NullLogger<BillingWatch>.Instance);
            var (held, _) = await HeldCall.AcquireAsync(
                billing.Client, watch, new HoldRequest { RequestId = id, PromptTokens = seconds }, new BillingOptions(), time);
            return held.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task A_hold_that_lives_for_seconds_is_renewed_in_time_though_minutes_are_set()
    {
        await using var billing = await BillingProcess.StartAsync(("Billing__HoldMinutes", "0.05"), ("Billing__SweepSeconds", "0.2"));
        await using var provider = await FakeProviderServer.StartAsync();
        await using var host = await (await RoutingHost.StartAsync(
            billing.Address, RoutingFixture.Models(provider.BaseUrl), database: null, ("Billing:RenewInterval", "00:05:00"))).ReadyAsync();
        var middle = new Gate();
        provider.On("one-1", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = middle });
        var call = new TestCall("one-1") { MaxTokens = 9 };
        var running = call.RunAsync(host);
        await middle.ReachedAsync();
        var first = await billing.ExpiryAsync(call.RequestId);

        // Twice its first life, or the hold is gone and this never becomes true.
        await Wait.UntilAsync(async () => await billing.ExpiryAsync(call.RequestId) > first + TimeSpan.FromSeconds(2.8), TimeSpan.FromSeconds(20));
        middle.Open();

        (await running).Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 5));
        (await billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }
}
