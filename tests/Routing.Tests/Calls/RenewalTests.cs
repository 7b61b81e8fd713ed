using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Billing says how long holds live, and running calls keep theirs.</summary>
public sealed class RenewalTests
{
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
