using System.Diagnostics;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>BILLING_ENABLED=false: calls need no money and no Billing, and each is counted once.</summary>
public sealed class BillingOffTests : IAsyncLifetime
{
    private const long Grant = 100_000_000_000;

    // A call that waited for the settlement would be refused a second try for a minute.
    private static readonly (string, string)[] Off = [("Billing:Enabled", "false"), ("Billing:SettleTimeout", "00:01:00")];

    private BillingProcess _billing = null!;
    private FakeProviderServer _provider = null!;
    private RoutingHost _host = null!;

    public async Task InitializeAsync()
    {
        _billing = await BillingProcess.StartAsync(("Billing__Enabled", "false"));
        _provider = await FakeProviderServer.StartAsync();
        _host = await (await RoutingHost.StartAsync(
            _billing.Address, RoutingFixture.Models(_provider.BaseUrl), await new PostgresFixture().CreateDatabaseAsync(), Off)).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _provider.DisposeAsync();
        await _billing.DisposeAsync();
    }

    /// <summary>It comes back with billing on: what was made while it was off stays free.</summary>
    [Fact]
    public async Task Calls_go_on_without_Billing_cost_nothing_and_are_counted_once_when_it_is_back()
    {
        var call = new TestCall("one-1") { MaxTokens = 9 };
        var middle = new Gate();
        _provider.On("one-1", new Script { Chunks = 5, PromptTokens = 10 });
        _provider.On("one-2", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = middle });
        (await call.RunAsync(_host)).Ended!.CostNanoUsd.ShouldBe(0);
        var interrupted = Again(call, "one-2").RunAsync(_host);
        await middle.ReachedAsync();

        await _billing.KillAsync();
        middle.Open();
        var watch = Stopwatch.StartNew();
        var without = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Again(call, "one-1").RunAsync(_host)).Append(interrupted));

        without.ShouldAllBe(answer => answer.Ended != null && answer.Ended.CostNanoUsd == 0 && answer.Failed == null);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        (await WaitingAsync()).ShouldBe(11);
        await _billing.RestartAsync(("Billing__Enabled", "true"));
        await Wait.UntilAsync(async () => await WaitingAsync() == 0);

        var used = (await _billing.Usage.GetUsageAsync(new() { AccountId = call.Account })).Total;
        used.ShouldBe(new UsageSums { Requests = 12, InputTokens = 120, OutputTokens = 60, ProviderCostNanoUsd = used.ProviderCostNanoUsd });
        (await _billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
        (await _billing.ChargesAsync(call.Account)).Count.ShouldBe(12);
    }

    private static TestCall Again(TestCall call, string model) => new(model) { Account = call.Account, MaxTokens = call.MaxTokens };

    private async Task<int> WaitingAsync()
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements.CountAsync();
    }
}
