using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Limits of the key travel with the call; a call that they refuse reaches no provider and says which, and when to come back.</summary>
public sealed class LimitTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Fact]
    public async Task A_daily_limit_refuses_with_its_figures_and_the_time_until_the_next_day()
    {
        var first = new TestCall(fixture.NextModel()) { Limits = new() { DailyTokens = 40 } };
        fixture.Provider.On(first.Model, new Script { PromptTokens = 30, CompletionTokens = 10 });
        (await first.RunAsync(fixture.Host)).Ended.ShouldNotBeNull();

        var failed = (await (first with { RequestId = new TestCall("").RequestId }).RunAsync(fixture.Host)).Failed.ShouldNotBeNull();

        failed.Failure.ShouldBe(CallFailure.DailyLimit);
        (failed.Limit.InNanoUsd, failed.Limit.Limit, failed.Limit.Used, failed.Limit.Held).ShouldBe((false, 40, 40, 0));
        var midnight = failed.Limit.ResetsAt.ToDateTimeOffset();
        (midnight.TimeOfDay, midnight.Offset).ShouldBe((TimeSpan.Zero, TimeSpan.Zero));
        failed.RetryAfterMs.ShouldBeInRange(1, 24 * 3600 * 1000);
        fixture.Provider.CallsOf(first.Model).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_total_budget_refuses_before_anything_is_sent_and_names_no_time()
    {
        var call = new TestCall(fixture.NextModel()) { MaxTokens = 100, Limits = new() { TotalNanoUsd = 5 } };

        var failed = (await call.RunAsync(fixture.Host)).Failed.ShouldNotBeNull();

        failed.Failure.ShouldBe(CallFailure.TotalLimit);
        (failed.Limit.InNanoUsd, failed.Limit.Limit, failed.Limit.Used).ShouldBe((true, 5, 0));
        failed.Limit.RequiredNanoUsd.ShouldBe(RoutingFixture.Cost(call.HeldPrompt, 100));
        (failed.Limit.ResetsAt, failed.RetryAfterMs).ShouldBe((null, 0));
        fixture.Provider.CallsOf(call.Model).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_rest_of_a_quota_is_the_maximum_of_a_call_that_names_none()
    {
        var call = new TestCall(fixture.NextModel()) { Stream = false, Limits = new() { MonthlyTokens = 1000 } };
        fixture.Provider.On(call.Model, new Script());

        (await call.RunAsync(fixture.Host)).Ended.ShouldNotBeNull();

        fixture.Provider.CallsOf(call.Model).ShouldHaveSingleItem().MaxTokens.ShouldBe(1000 - (int)call.HeldPrompt);
    }

    [Fact]
    public async Task A_stream_that_outgrows_its_limit_ends_there_and_is_charged_for_what_came()
    {
        await using var host = await (await RoutingHost.StartAsync(
            fixture.Billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl), database: null, ("Billing:FirstHoldTokens", "32"))).ReadyAsync();
        var call = new TestCall(fixture.NextModel());
        call = call with { Limits = new() { DailyTokens = call.HeldPrompt + 100 } };
        fixture.Provider.On(
            call.Model, new Script { Pieces = [.. Enumerable.Repeat("ab ", 200)], ChunkDelay = TimeSpan.FromMilliseconds(5) });

        var failed = (await call.RunAsync(host)).Failed.ShouldNotBeNull();

        failed.Failure.ShouldBe(CallFailure.DailyLimit);
        failed.Limit.Held.ShouldBeGreaterThan(32);
        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
        (await fixture.Billing.ChargesAsync(call.Account)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_call_of_an_account_with_an_overdraft_is_neither_bounded_nor_held_for_anew()
    {
        await using var host = await (await RoutingHost.StartAsync(
            fixture.Billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl), database: null, ("Billing:FirstHoldTokens", "32"))).ReadyAsync();
        var (plain, stream) = (new TestCall(fixture.NextModel()) { Stream = false }, new TestCall(fixture.NextModel()));
        await fixture.Billing.OverdrawAsync(plain.Account, 1_000_000);
        await fixture.Billing.OverdrawAsync(stream.Account, 1_000_000);
        var middle = new Gate();
        fixture.Provider.On(plain.Model, new Script());
        fixture.Provider.On(stream.Model, new Script { Pieces = [.. Enumerable.Repeat("ab ", 200)], MiddleGate = middle });

        (await plain.RunAsync(host)).Ended.ShouldNotBeNull();
        var running = stream.RunAsync(host);
        await middle.ReachedAsync();
        var (_, held) = await fixture.Billing.BalanceAsync(stream.Account);
        middle.Open();

        fixture.Provider.CallsOf(plain.Model).ShouldHaveSingleItem().MaxTokens.ShouldBeNull();
        (await running).Ended.ShouldNotBeNull().OutputTokens.ShouldBe(200);
        held.ShouldBe(RoutingFixture.Cost(stream.HeldPrompt, 32));
    }
}
