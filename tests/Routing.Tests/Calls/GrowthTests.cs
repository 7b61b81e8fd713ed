using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Data;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Streams that name no maximum outgrow a first hold of 32 tokens. A piece is shorter than a token's 4 bytes, and so is one token.</summary>
public sealed class GrowthTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const int FirstHold = 32;

    // The prompt of a test call is 22 bytes: charged as 6 tokens where nobody counted it.
    private const int EstimatedPrompt = 6;

    private static readonly IReadOnlyList<string> TwoHundred = [.. Enumerable.Repeat("ab ", 200)];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_stream_longer_than_its_first_hold_arrives_whole_and_costs_exactly_its_tokens(int delay)
    {
        await using var host = await StartAsync(fixture.Billing);
        var call = new TestCall(fixture.NextModel());
        fixture.Provider.On(call.Model, new Script { Pieces = TwoHundred, PromptTokens = 10, ChunkDelay = TimeSpan.FromMilliseconds(delay) });
        var (before, _) = await fixture.Billing.BalanceAsync(call.Account);

        var answer = await call.RunAsync(host);

        answer.Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 200));
        answer.Text.ShouldBe(string.Concat(TwoHundred));
        fixture.Provider.CallsOf(call.Model).ShouldHaveSingleItem().MaxTokens.ShouldBeNull();
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((before - RoutingFixture.Cost(10, 200), 0));
    }

    [Fact]
    public async Task The_hold_has_grown_while_the_stream_still_runs()
    {
        await using var host = await StartAsync(fixture.Billing, firstHold: 2);
        var call = new TestCall(fixture.NextModel());
        var middle = new Gate();
        fixture.Provider.On(call.Model, new Script { MiddleGate = middle });
        var running = call.RunAsync(host);
        await middle.ReachedAsync();

        // The first of three tokens is half of what is held.
        await Wait.UntilAsync(async () => (await fixture.Billing.BalanceAsync(call.Account)).Held == RoutingFixture.Cost(call.HeldPrompt, 4));
        middle.Open();

        (await running).Ended.ShouldNotBeNull();
        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Fact]
    public async Task A_stream_that_outgrows_the_balance_ends_there_and_is_charged_for_what_came()
    {
        var call = new TestCall(fixture.NextModel());
        var grant = RoutingFixture.Cost(call.HeldPrompt, 100);
        await using var billing = await BillingProcess.StartAsync(Balance(grant));
        await using var host = await StartAsync(billing);
        fixture.Provider.On(call.Model, new Script { Pieces = TwoHundred, ChunkDelay = TimeSpan.FromMilliseconds(5) });

        var answer = await call.RunAsync(host);

        var failed = answer.Failed.ShouldNotBeNull();
        failed.Failure.ShouldBe(CallFailure.InsufficientBalance);
        failed.Balance.RequiredNanoUsd.ShouldBeGreaterThan(failed.Balance.AvailableNanoUsd);
        (failed.Balance.BalanceNanoUsd, failed.Balance.HeldNanoUsd).ShouldBe((grant, grant - failed.Balance.AvailableNanoUsd));

        // 99 fit beside the roundings; a busy machine may find a few more in the last read.
        var tokens = answer.Text.Length / TwoHundred[0].Length;
        tokens.ShouldBeInRange(99, 199);
        (await billing.BalanceAsync(call.Account)).ShouldBe((Math.Max(0, grant - RoutingFixture.Cost(EstimatedPrompt, tokens)), 0));
        (await billing.ChargesAsync(call.Account)).ShouldHaveSingleItem().AmountNanoUsd.ShouldBe(-RoutingFixture.Cost(EstimatedPrompt, tokens));
        await fixture.Provider.EndedAsync(call.Model);
        fixture.Provider.CallsOf(call.Model).ShouldHaveSingleItem().Completed.ShouldBeFalse();
    }

    [Fact]
    public async Task A_first_hold_that_had_to_shrink_goes_upstream_and_does_not_grow()
    {
        var call = new TestCall(fixture.NextModel());
        var grant = RoutingFixture.Cost(call.HeldPrompt, 100);
        await using var billing = await BillingProcess.StartAsync(Balance(grant));
        await using var host = await StartAsync(billing, firstHold: 150, ("Billing:MinOutputTokens", "50"));
        fixture.Provider.On(call.Model, new Script { Pieces = TwoHundred, PromptTokens = call.HeldPrompt });

        var answer = await call.RunAsync(host);

        fixture.Provider.CallsOf(call.Model).ShouldHaveSingleItem().MaxTokens.ShouldBe(100);
        answer.Ended.ShouldNotBeNull().OutputTokens.ShouldBe(100);
        (await billing.BalanceAsync(call.Account)).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Without_billing_a_stream_ends_where_its_hold_does_and_is_charged_when_billing_is_back()
    {
        await using var billing = await BillingProcess.StartAsync();
        await using var host = await StartAsync(
            billing, FirstHold, ("Billing:HoldTimeout", "00:00:00.500"), ("Billing:SettleTimeout", "00:00:00.100"));
        var call = new TestCall(fixture.NextModel());
        var middle = new Gate();
        fixture.Provider.On(call.Model, new Script { Pieces = TwoHundred, MiddleGate = middle, ChunkDelay = TimeSpan.FromMilliseconds(5) });
        var (grant, _) = await billing.BalanceAsync(call.Account);
        var running = call.RunAsync(host);
        await middle.ReachedAsync();

        await billing.KillAsync();
        middle.Open();
        await Wait.UntilAsync(async () => await WaitingAsync(host) == 1);
        await billing.RestartAsync();
        var answer = await running;

        answer.Failed.ShouldNotBeNull().Failure.ShouldBe(CallFailure.BillingUnavailable);
        var tokens = answer.Text.Length / TwoHundred[0].Length;
        tokens.ShouldBeInRange(FirstHold, 199);
        (await billing.BalanceAsync(call.Account)).ShouldBe((grant - RoutingFixture.Cost(EstimatedPrompt, tokens), 0));
    }

    /// <summary>A second of silence is as good as its whole answer, and the key's limit covers a third of that.</summary>
    [Fact]
    public async Task A_model_that_thinks_beyond_what_can_be_held_is_stopped_and_its_client_told_why()
    {
        await using var host = await StartAsync(fixture.Billing, firstHold: 4096, ("Billing:HiddenTokensPerSecond", "100000"));
        var call = new TestCall(fixture.NextModel());
        call = call with { Limits = new() { DailyNanoUsd = RoutingFixture.Cost(call.HeldPrompt, 5000) } };
        fixture.Provider.On(call.Model, new Script { FirstDelay = Timeout.InfiniteTimeSpan });

        var answer = await call.RunAsync(host);

        answer.Kinds.ShouldBe("F");
        answer.Failed!.Failure.ShouldBe(CallFailure.DailyLimit);
        await fixture.Provider.EndedAsync(call.Model);
        fixture.Provider.CallsOf(call.Model).ShouldHaveSingleItem().LeftByClient.ShouldBeTrue();
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((100_000_000_000, 0));
    }

    private static (string Name, string Value) Balance(long nanoUsd) =>
        ("Billing__DefaultBalance", (nanoUsd / 1_000_000_000m).ToString(CultureInfo.InvariantCulture));

    private async Task<RoutingHost> StartAsync(BillingProcess billing, int firstHold = FirstHold, params (string Name, string Value)[] settings) =>
        await (await RoutingHost.StartAsync(
            billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl), database: null,
            [("Billing:FirstHoldTokens", firstHold.ToString(CultureInfo.InvariantCulture)), ("Billing:HiddenTokensPerSecond", "0"), .. settings]))
            .ReadyAsync();

    private static async Task<int> WaitingAsync(RoutingHost host)
    {
        await using var scope = host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<RoutingDbContext>().PendingSettlements.CountAsync();
    }
}
