using System.Diagnostics;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Billing dies at the wrong moment.</summary>
public sealed class SettlementTests(MortalBilling mortal) : IClassFixture<MortalBilling>, IAsyncLifetime
{
    private const long Grant = 100_000_000_000;
    private static readonly (string, string)[] Impatient = [("Billing:SettleTimeout", "00:00:00.300")];

    private BillingProcess _billing = null!;
    private FakeProviderServer _provider = null!;
    private string _database = null!;

    public async Task InitializeAsync()
    {
        _billing = await mortal.AliveAsync();
        _provider = await FakeProviderServer.StartAsync();
        _database = await new PostgresFixture().CreateDatabaseAsync();
    }

    public async Task DisposeAsync() => await _provider.DisposeAsync();

    [Fact]
    public async Task Streams_that_end_while_billing_is_dead_end_when_it_lives_again_each_charged_once()
    {
        await using var host = await StartAsync(Impatient);
        var middle = new Gate();
        _provider.On("one-1", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = middle });
        var calls = Enumerable.Range(0, 20).Select(_ => new TestCall("one-1") { Account = "survivor", MaxTokens = 9 }.RunAsync(host)).ToList();
        await middle.ReachedAsync(20);

        await _billing.KillAsync();
        middle.Open();
        await Wait.UntilAsync(async () => await WaitingAsync(host) == 20);
        calls.ShouldAllBe(call => !call.IsCompleted);
        await _billing.RestartAsync();
        var answers = await Task.WhenAll(calls);

        answers.ShouldAllBe(answer => answer.Ended != null && answer.Ended.CostNanoUsd == RoutingFixture.Cost(10, 5));
        (await _billing.BalanceAsync("survivor")).ShouldBe((Grant - (20 * RoutingFixture.Cost(10, 5)), 0));
        await Wait.UntilAsync(async () => await WaitingAsync(host) == 0);
    }

    [Fact]
    public async Task A_settlement_in_the_outbox_is_sent_by_the_next_process()
    {
        var call = new TestCall("one-1");
        await using (var host = await StartAsync(Impatient))
        {
            var middle = new Gate();
            _provider.On("one-1", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = middle });
            using var leaving = new CancellationTokenSource();
            var running = call.RunAsync(host, cancellationToken: leaving.Token);
            await middle.ReachedAsync();
            await _billing.KillAsync();
            middle.Open();
            await Wait.UntilAsync(async () => await WaitingAsync(host) == 1);
            await leaving.CancelAsync();
            await Should.ThrowAsync<Exception>(running);
        }

        await _billing.RestartAsync();
        (await _billing.BalanceAsync(call.Account)).Balance.ShouldBe(Grant);
        await using var next = await StartAsync();

        await Wait.UntilAsync(async () => await WaitingAsync(next) == 0);
        (await _billing.BalanceAsync(call.Account)).ShouldBe((Grant - RoutingFixture.Cost(10, 5), 0));
        (await _billing.ChargesAsync(call.Account)).ShouldHaveSingleItem().RequestId.ShouldBe(call.RequestId);
    }

    [Fact]
    public async Task Without_billing_a_call_is_refused_at_once_and_nothing_is_sent()
    {
        // Far longer than what is waited for below: nobody waits for this deadline.
        await using var host = await StartAsync(("Billing:HoldTimeout", "00:00:30"));
        await _billing.KillAsync();
        await new TestCall("one-2").RunAsync(host);
        var watch = Stopwatch.StartNew();

        var failed = (await new TestCall("one-2").RunAsync(host)).Failed!;

        failed.Failure.ShouldBe(CallFailure.BillingUnavailable);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
        _provider.CallsOf("one-2").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_running_call_keeps_its_hold_alive_past_the_holds_own_lifetime()
    {
        await using var shortLived = await BillingProcess.StartAsync(("Billing__HoldMinutes", "0.05"), ("Billing__SweepSeconds", "0.2"));
        await using var host = await (await RoutingHost.StartAsync(shortLived.Address, RoutingFixture.Models(_provider.BaseUrl), _database,
            ("Billing:RenewInterval", "00:00:00.500"))).ReadyAsync();
        var middle = new Gate();
        _provider.On("one-5", new Script { MiddleGate = middle });
        var call = new TestCall("one-5") { MaxTokens = 10 };
        var running = call.RunAsync(host);
        await middle.ReachedAsync();
        var watch = Stopwatch.StartNew();

        // Twice the lifetime of 3 s: the sweep has passed many times.
        await Wait.UntilAsync(async () =>
        {
            (await shortLived.BalanceAsync(call.Account)).Held.ShouldBeGreaterThan(0);
            return watch.Elapsed > TimeSpan.FromSeconds(6);
        });
        middle.Open();

        (await running).Ended.ShouldNotBeNull();
        (await shortLived.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Fact]
    public async Task The_models_of_ones_own_server_are_found_as_they_come_cost_nothing_and_are_not_cut_short()
    {
        _provider.On("llama-a", new Script());
        await using var host = await (await RoutingHost.StartAsync(_billing.Address, RoutingFixture.Models(_provider.BaseUrl), _database,
            ("Providers:LlmServer:BaseUrl", _provider.Address), ("Catalog:DiscoveryInterval", "00:00:00.100"))).ReadyAsync();
        var first = new TestCall("llama-a");

        (await first.RunAsync(host)).Ended!.CostNanoUsd.ShouldBe(0);
        _provider.CallsOf("llama-a").ShouldHaveSingleItem().MaxTokens.ShouldBeNull();
        _provider.On("llama-b", new Script());
        await Wait.UntilAsync(async () => (await new TestCall("llama-b").RunAsync(host)).Ended is not null);

        (await _billing.BalanceAsync(first.Account)).ShouldBe((Grant, 0));
    }

    [Fact]
    public async Task A_host_is_ready_only_when_billing_knows_its_prices()
    {
        await _billing.KillAsync();
        await using var host = await RoutingHost.StartAsync(_billing.Address, RoutingFixture.Models(_provider.BaseUrl), _database);
        using var http = new HttpClient();

        (await http.GetAsync(host.Http + "/ready")).IsSuccessStatusCode.ShouldBeFalse();
        (await http.GetAsync(host.Http + "/alive")).IsSuccessStatusCode.ShouldBeTrue();
        await _billing.RestartAsync();
        await host.ReadyAsync();
        (await new TestCall("one-3").RunAsync(host)).Ended.ShouldNotBeNull();
    }

    private async Task<RoutingHost> StartAsync(params (string, string)[] settings) =>
        await (await RoutingHost.StartAsync(_billing.Address, RoutingFixture.Models(_provider.BaseUrl), _database, settings)).ReadyAsync();

    private static async Task<int> WaitingAsync(RoutingHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements.CountAsync();
    }
}
