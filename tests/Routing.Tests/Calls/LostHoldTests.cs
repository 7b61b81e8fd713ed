using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>The database forgot a hold whose call runs. Each test has a Billing of its own, whose accounts can pay for one call.</summary>
public sealed class LostHoldTests : IAsyncLifetime
{
    // A prompt of 22 bytes, held as 11 tokens, and at most 9 tokens of answer.
    private static readonly long Grant = RoutingFixture.Cost(new TestCall("one-1") { MaxTokens = 9 }.HeldPrompt, 9);

    private readonly Gate _middle = new();
    private BillingProcess _billing = null!;
    private FakeProviderServer _provider = null!;
    private string _database = null!;

    public async Task InitializeAsync()
    {
        _billing = await BillingProcess.StartAsync(
            ("Billing__DefaultBalance", (Grant / 1_000_000_000m).ToString(CultureInfo.InvariantCulture)));
        _provider = await FakeProviderServer.StartAsync();
        _database = await new PostgresFixture().CreateDatabaseAsync();
        _provider.On("one-1", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = _middle });
    }

    public async Task DisposeAsync()
    {
        await _provider.DisposeAsync();
        await _billing.DisposeAsync();
    }

    /// <summary>At the price that it was held by, though there is none any more.</summary>
    [Fact]
    public async Task A_call_whose_hold_is_lost_is_charged_all_the_same()
    {
        await using var host = await StartAsync();
        var call = new TestCall("one-1") { MaxTokens = 9 };
        var running = call.RunAsync(host);
        await _middle.ReachedAsync();

        await _billing.LoseHoldAsync(call.RequestId);
        (await _billing.Client.AnnouncePricesAsync(new() { Prices = { new ModelPrice { Provider = "openai_compatible", Model = "one-1" } } }))
            .Changed.ShouldBe(1);
        _middle.Open();

        (await running).Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 5));
        await ShouldBeChargedAsync(call);
    }

    [Fact]
    public async Task So_is_one_whose_settlement_waited_in_the_outbox()
    {
        var call = new TestCall("one-1") { MaxTokens = 9 };
        await using (var host = await StartAsync(("Billing:SettleTimeout", "00:00:00.100")))
        {
            using var leaving = new CancellationTokenSource();
            var running = call.RunAsync(host, cancellationToken: leaving.Token);
            await _middle.ReachedAsync();
            await _billing.KillAsync();
            _middle.Open();
            await Wait.UntilAsync(async () => await WaitingAsync(host) == 1);
            await leaving.CancelAsync();
            await Should.ThrowAsync<Exception>(running);
        }

        await _billing.LoseHoldAsync(call.RequestId);
        await _billing.RestartAsync();
        await using var next = await StartAsync();

        await Wait.UntilAsync(async () => await WaitingAsync(next) == 0);
        await ShouldBeChargedAsync(call);
    }

    [Fact]
    public async Task Where_another_call_took_the_money_the_answer_is_whole_and_its_cost_is_written_off()
    {
        await using var host = await StartAsync();
        var otherGate = new Gate();
        _provider.On("one-2", new Script { Chunks = 5, PromptTokens = 10, MiddleGate = otherGate });
        var call = new TestCall("one-1") { MaxTokens = 9 };
        var running = call.RunAsync(host);
        await _middle.ReachedAsync();
        await _billing.LoseHoldAsync(call.RequestId);
        var other = call with { Model = "one-2", RequestId = new TestCall("").RequestId };
        var otherRunning = other.RunAsync(host);
        await otherGate.ReachedAsync();

        _middle.Open();
        var answer = await running;

        answer.Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 5));
        (await _billing.BalanceAsync(call.Account)).ShouldBe((Grant, Grant));
        otherGate.Open();
        (await otherRunning).Ended.ShouldNotBeNull();
        (await _billing.BalanceAsync(call.Account)).ShouldBe((Grant - RoutingFixture.Cost(10, 5), 0));
    }

    [Fact]
    public async Task A_hold_that_should_grow_and_is_lost_is_made_again_at_its_new_size()
    {
        // Asks for 8 at the second token, and would end at the fourth.
        await using var host = await StartAsync(("Billing:FirstHoldTokens", "4"));
        var call = new TestCall("one-1");
        var running = call.RunAsync(host);
        await _middle.ReachedAsync();

        await _billing.LoseHoldAsync(call.RequestId);
        _middle.Open();

        (await running).Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 5));
        await ShouldBeChargedAsync(call);
    }

    private async Task ShouldBeChargedAsync(TestCall call)
    {
        (await _billing.BalanceAsync(call.Account)).ShouldBe((Grant - RoutingFixture.Cost(10, 5), 0));
        (await _billing.ChargesAsync(call.Account)).ShouldHaveSingleItem().RequestId.ShouldBe(call.RequestId);
    }

    private async Task<RoutingHost> StartAsync(params (string, string)[] settings) =>
        await (await RoutingHost.StartAsync(_billing.Address, RoutingFixture.Models(_provider.BaseUrl), _database, settings)).ReadyAsync();

    private static async Task<int> WaitingAsync(RoutingHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements.CountAsync();
    }
}
