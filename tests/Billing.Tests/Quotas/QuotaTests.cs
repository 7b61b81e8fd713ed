using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Quotas;

/// <summary>A key's limits in tokens and money, decided with the balance in one statement. A token costs one nano-dollar.</summary>
public sealed class QuotaTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private DateOnly Today => DateOnly.FromDateTime(billing.Time.GetUtcNow().UtcDateTime);

    private static DateOnly Ever { get; } = new(1970, 1, 1);

    [Fact]
    public async Task A_token_hold_is_the_smaller_of_the_estimate_and_what_is_left_and_the_output_bound_shrinks_with_it()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var limits = new KeyLimits { DailyTokens = 100 };

        var first = await HoldAsync(account, model, output: 60, prompt: 10, limits: limits);
        var second = await HoldAsync(account, model, output: 60, min: 5, prompt: 10, limits: limits);

        first.Value.ShouldNotBeNull().OutputTokens.ShouldBe(60);
        second.Value.ShouldNotBeNull().OutputTokens.ShouldBe(20);
        (await billing.WindowAsync(account, "day", Today)).ShouldBe(new WindowFigures(0, 100, 0, 140));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_bound_of_the_clients_own_is_not_cut_short_but_the_next_call_finds_nothing_left()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var limits = new KeyLimits { MonthlyTokens = 50 };

        var first = await HoldAsync(account, model, output: 100, limits: limits);
        var second = await HoldAsync(account, model, output: 1, limits: limits);

        first.Value.ShouldNotBeNull().OutputTokens.ShouldBe(100);
        second.Refusal.ShouldNotBeNull().Limit.ShouldBe(
            new ReachedLimit(LimitWindow.Month, LimitUnit.Tokens, 50, Used: 0, Held: 50, LimitWindow.Month.ResetsAt(billing.Time.GetUtcNow())));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_budget_is_strict_and_shrinks_the_output_bound_as_the_balance_does()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var limits = new KeyLimits { TotalCost = new(300) };

        var shrunk = await HoldAsync(account, model, output: 500, min: 100, limits: limits);
        var refused = await HoldAsync(account, model, output: 1, limits: limits);

        shrunk.Value.ShouldNotBeNull().OutputTokens.ShouldBe(300);
        var refusal = refused.Refusal.ShouldNotBeNull();
        refusal.Reason.ShouldBe(LedgerRefusalReason.LimitReached);
        refusal.Required.ShouldBe(new NanoUsd(1));
        refusal.Limit.ShouldBe(new ReachedLimit(LimitWindow.Total, LimitUnit.NanoUsd, 300, Used: 0, Held: 300, ResetsAt: null));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 300));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Nothing_is_allowed_by_a_limit_of_zero_but_a_free_call_by_a_budget_of_zero()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var free = await billing.NewModelAsync(new(0, 0, 0, 0));

        (await HoldAsync(account, model, output: 1, limits: new() { TotalTokens = 0 })).Refusal.ShouldNotBeNull().Limit!.Limit.ShouldBe(0);
        (await HoldAsync(account, model, output: 1, limits: new() { DailyCost = NanoUsd.Zero })).Refusal.ShouldNotBeNull().Limit!.Limit.ShouldBe(0);
        (await HoldAsync(account, free, output: 1, limits: new() { DailyCost = NanoUsd.Zero })).Value.ShouldNotBeNull();
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_budget_that_a_call_exceeded_refuses_what_costs_and_not_what_is_free()
    {
        var (account, request, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        var free = await billing.NewModelAsync(new(0, 0, 0, 0));
        var limits = new KeyLimits { DailyCost = new(10) };
        await billing.HoldAsync(request, account, model, output: 10, limits: limits);
        await billing.SettleAsync(request, model, output: 15);

        (await HoldAsync(account, model, output: 1, limits: limits)).Refusal.ShouldNotBeNull().Limit!.Used.ShouldBe(15);
        (await HoldAsync(account, free, output: 1, limits: limits)).Value.ShouldNotBeNull();
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Of_several_limits_the_one_that_lasts_longest_is_named()
    {
        var model = await billing.NewModelAsync();

        (await RefusedAsync(new() { DailyTokens = 0, MonthlyTokens = 0, TotalTokens = 0 }, 1)).Limit!.Window.ShouldBe(LimitWindow.Total);
        (await RefusedAsync(new() { DailyTokens = 0, MonthlyCost = NanoUsd.Zero }, 1)).Limit!.Window.ShouldBe(LimitWindow.Month);
        (await RefusedAsync(new() { DailyTokens = 0, MonthlyTokens = 0 }, 2000)).Reason.ShouldBe(LedgerRefusalReason.InsufficientBalance);
        (await RefusedAsync(new() { TotalCost = NanoUsd.Zero }, 2000)).Reason.ShouldBe(LedgerRefusalReason.LimitReached);

        async Task<LedgerRefusal> RefusedAsync(KeyLimits limits, long output) =>
            (await HoldAsync(billing.NewAccount(), model, output, limits: limits)).Refusal.ShouldNotBeNull();
    }

    [Fact]
    public async Task Limits_that_come_later_count_what_was_used_before_them_and_settlements_without_them_count_on()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await CallAsync(limits: null, used: 30);
        (await billing.WindowAsync(account, "total", Ever)).ShouldBeNull();

        await CallAsync(new() { TotalTokens = 1000 }, used: 5);
        (await billing.WindowAsync(account, "total", Ever)).ShouldBe(new WindowFigures(35, 0, 35, 0));

        await CallAsync(limits: null, used: 7);
        (await billing.WindowAsync(account, "month", new(Today.Year, Today.Month, 1))).ShouldBe(new WindowFigures(42, 0, 42, 0));
        await billing.VerifyAsync();

        async Task CallAsync(KeyLimits? limits, long used)
        {
            var request = BillingSystem.NewRequest();
            (await billing.HoldAsync(request, account, model, output: 40, limits: limits)).Value.ShouldNotBeNull();
            (await billing.SettleAsync(request, model, used)).Value.ShouldNotBeNull();
        }
    }

    [Fact]
    public async Task Keys_of_one_account_have_windows_of_their_own()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var limits = new KeyLimits { DailyTokens = 10 };

        (await HoldAsync(account, model, output: 10, limits: limits)).Value.ShouldNotBeNull();
        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 10, limits: limits, key: "key-2")).Value.ShouldNotBeNull();
        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 10, limits: limits, key: null)).Value.ShouldNotBeNull();

        (await HoldAsync(account, model, output: 1, limits: limits)).Refusal.ShouldNotBeNull();
        (await billing.WindowAsync(account, "day", Today, key: "")).ShouldBe(new WindowFigures(0, 10, 0, 10));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task What_is_released_or_expires_is_free_again_in_every_window()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var limits = new KeyLimits { DailyTokens = 10, TotalCost = new(10) };
        var request = BillingSystem.NewRequest();
        (await billing.HoldAsync(request, account, model, output: 10, limits: limits)).Value.ShouldNotBeNull();

        await billing.ReleaseAsync(request);
        (await HoldAsync(account, model, output: 10, limits: limits)).Value.ShouldNotBeNull();
        billing.Time.Advance(TimeSpan.FromMinutes(11));
        await billing.SweepAsync();

        (await HoldAsync(account, model, output: 10, limits: limits)).Value.ShouldNotBeNull();
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Growth_stays_within_the_limits_and_is_told_how_far_it_may_go()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var (byTokens, byCost) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await billing.HoldAsync(byTokens, account, model, output: 20, prompt: 10, limits: new() { DailyTokens = 50 });
        await billing.HoldAsync(byCost, account, model, output: 20, limits: new() { MonthlyCost = new(90) }, key: "key-2");

        var tokens = (await billing.ExtendAsync(byTokens, 41)).Refusal.ShouldNotBeNull();
        var cost = (await billing.ExtendAsync(byCost, 91)).Refusal.ShouldNotBeNull();

        (tokens.Limit!.Unit, tokens.Limit.Held, tokens.PossibleOutputTokens).ShouldBe((LimitUnit.Tokens, 30, 40));
        (cost.Limit!.Unit, cost.Limit.Window, cost.PossibleOutputTokens).ShouldBe((LimitUnit.NanoUsd, LimitWindow.Month, 90));
        (await billing.ExtendAsync(byTokens, 40)).Value.ShouldNotBeNull().OutputTokens.ShouldBe(40);
        (await billing.ExtendAsync(byCost, 90)).Value.ShouldNotBeNull().Amount.ShouldBe(new NanoUsd(90));
        (await billing.WindowAsync(account, "day", Today)).ShouldBe(new WindowFigures(0, 50, 0, 50));
        await billing.VerifyAsync();
    }

    private Task<Answer<GrantedHold>> HoldAsync(
        string account, PricedModel model, long output, long? min = null, long prompt = 0, KeyLimits? limits = null) =>
        billing.HoldAsync(BillingSystem.NewRequest(), account, model, output, min, prompt, limits);
}
