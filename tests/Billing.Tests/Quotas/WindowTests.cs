using System.Globalization;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Quotas;

/// <summary>Each window begins once, at midnight UTC, and a call counts in those of its hold.</summary>
public sealed class WindowTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData("2026-11-22", false)]
    [InlineData("2026-03-29", false)]
    [InlineData("2026-12-01", true)]
    [InlineData("2027-01-01", true)]
    [InlineData("2027-03-01", true)]
    [InlineData("2028-02-29", false)]
    [InlineData("2028-03-01", true)]
    public async Task A_day_ends_at_midnight_and_a_month_with_its_last_day(string midnight, bool monthEnds)
    {
        var (account, model, at) = (billing.NewAccount(), await billing.NewModelAsync(), Midnight(midnight));
        var (daily, monthly) = (new KeyLimits { DailyTokens = 10 }, new KeyLimits { MonthlyTokens = 10 });
        SetTime(at - Instant);
        await UseAsync("by-day", daily);
        await UseAsync("by-month", monthly);
        (await RefusedAsync("by-day", daily)).ResetsAt.ShouldBe(at);
        (await RefusedAsync("by-month", monthly)).ResetsAt.ShouldBe(monthEnds ? at : new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, default).AddMonths(1));

        SetTime(at);

        await UseAsync("by-day", daily);
        (await RefusedAsync("by-day", daily)).Used.ShouldBe(10);
        if (monthEnds)
        {
            await UseAsync("by-month", monthly);
        }

        (await RefusedAsync("by-month", monthly)).Used.ShouldBe(10);
        await billing.VerifyAsync();

        async Task UseAsync(string key, KeyLimits limits) => await CallAsync(account, model, key, limits);
        async Task<ReachedLimit> RefusedAsync(string key, KeyLimits limits) => (await HoldAsync(account, model, key, limits)).Refusal!.Limit!;
    }

    [Fact]
    public async Task A_call_over_midnight_counts_in_the_day_and_month_of_its_hold_however_late_it_is_settled()
    {
        var (account, model, midnight) = (billing.NewAccount(), await billing.NewModelAsync(), Midnight("2027-02-01"));
        var (prompt, late) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        var limits = new KeyLimits { DailyTokens = 100 };
        SetTime(midnight - Instant);
        await billing.HoldAsync(prompt, account, model, output: 30, limits: limits);
        await billing.HoldAsync(late, account, model, output: 20, limits: limits);

        SetTime(midnight.AddSeconds(5));
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1, limits: limits);
        await billing.SettleAsync(prompt, model, output: 25);
        (await billing.WindowAsync(account, "day", new(2027, 1, 31))).ShouldBe(new WindowFigures(25, 20, 25, 20));
        SetTime(midnight.AddDays(3));
        await billing.SweepAsync();
        await billing.SettleAsync(late, model, output: 7);

        (await billing.WindowAsync(account, "day", new(2027, 1, 31))).ShouldBe(new WindowFigures(32, 0, 32, 0));
        (await billing.WindowAsync(account, "month", new(2027, 1, 1))).ShouldBe(new WindowFigures(32, 0, 32, 0));
        (await billing.WindowAsync(account, "day", new(2027, 2, 1))).ShouldBe(new WindowFigures(0, 0, 0, 0));
        (await billing.WindowAsync(account, "month", new(2027, 2, 1))).ShouldBe(new WindowFigures(0, 0, 0, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_clock_that_goes_back_spends_no_window_twice_and_loses_no_hold()
    {
        var (account, model, midnight) = (billing.NewAccount(), await billing.NewModelAsync(), Midnight("2027-05-02"));
        var limits = new KeyLimits { DailyTokens = 10 };
        SetTime(midnight - Instant);
        await CallAsync(account, model, "key-1", limits);
        SetTime(midnight);
        var open = BillingSystem.NewRequest();
        (await billing.HoldAsync(open, account, model, output: 10, limits: limits)).Value.ShouldNotBeNull();

        SetTime(midnight.AddHours(-1));
        (await HoldAsync(account, model, "key-1", limits)).Refusal!.Limit!.Used.ShouldBe(10);
        (await billing.SweepAsync()).ShouldBe(0);
        (await billing.SettleAsync(open, model, output: 10)).Value.ShouldNotBeNull();

        SetTime(midnight.AddHours(1));
        (await HoldAsync(account, model, "key-1", limits)).Refusal!.Limit!.Used.ShouldBe(10);
        (await billing.MoneyAsync(account)).ShouldBe((980, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Replicas_whose_clocks_differ_at_midnight_share_every_window()
    {
        var (account, model, midnight) = (billing.NewAccount(), await billing.NewModelAsync(), Midnight("2027-07-01"));
        var limits = new KeyLimits { DailyTokens = 50 };
        await using var ahead = await billing.ReplicaAsync();
        SetTime(midnight - Instant);
        SetTime(midnight, ahead);

        var calls = await Task.WhenAll(Enumerable.Range(0, 40).Select(index => (index % 2 == 0 ? billing : ahead).HoldAsync(
            BillingSystem.NewRequest(), account, model, output: 5, limits: limits)));

        calls.Count(call => call.Value is not null).ShouldBe(20);
        (await billing.WindowAsync(account, "day", new(2027, 6, 30))).ShouldBe(new WindowFigures(0, 50, 0, 50));
        (await billing.WindowAsync(account, "day", new(2027, 7, 1))).ShouldBe(new WindowFigures(0, 50, 0, 50));
        (await billing.WindowAsync(account, "total", new(1970, 1, 1))).ShouldBe(new WindowFigures(0, 100, 0, 100));
        await billing.VerifyAsync();
    }

    private static DateTimeOffset Midnight(string day) => DateTimeOffset.Parse(day + "T00:00:00Z", CultureInfo.InvariantCulture);

    private void SetTime(DateTimeOffset to, BillingSystem? system = null) => (system ?? billing).Time.Advance(to - (system ?? billing).Time.GetUtcNow());

    private async Task CallAsync(string account, PricedModel model, string key, KeyLimits limits)
    {
        var request = BillingSystem.NewRequest();
        (await billing.HoldAsync(request, account, model, output: 10, limits: limits, key: key)).Value.ShouldNotBeNull();
        (await billing.SettleAsync(request, model, output: 10)).Value.ShouldNotBeNull();
    }

    private Task<Answer<GrantedHold>> HoldAsync(string account, PricedModel model, string key, KeyLimits limits) =>
        billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1, limits: limits, key: key);
}
