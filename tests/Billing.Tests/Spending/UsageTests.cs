using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Spending;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Spending;

/// <summary>What keys and accounts see of their usage. An account has 1,000 nano-dollars, and a token costs one.</summary>
public sealed class UsageTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task A_key_sees_its_own_calls_and_the_account_all_of_them_by_day_month_and_in_all()
    {
        await using var system = await billing.ReplicaAsync();
        var (account, model) = (system.NewAccount(), await system.NewModelAsync());
        system.Time.Advance(new DateTimeOffset(2028, 2, 28, 12, 0, 0, TimeSpan.Zero) - system.Time.GetUtcNow());
        await CallAsync(system, account, model, input: 3, output: 10);
        system.Time.Advance(TimeSpan.FromDays(1));
        await CallAsync(system, account, model, input: 5, output: 20);
        await CallAsync(system, account, model, input: 0, output: 40, key: "key-2");
        await CallAsync(system, account, model, input: 0, output: 80, key: null);

        var (ofKey, ofNone, ofAll) = (await UsageAsync(system, account, "key-1"), await UsageAsync(system, account, ""), await UsageAsync(system, account, null));

        (ofKey.Day, ofKey.Month, ofKey.Total).ShouldBe((Sums(1, 5, 20), Sums(2, 8, 30), Sums(2, 8, 30)));
        (ofNone.Day, ofNone.Total).ShouldBe((Sums(1, 0, 80), Sums(1, 0, 80)));
        (ofAll.Day, ofAll.Month).ShouldBe((Sums(3, 5, 140), Sums(4, 8, 150)));
        ofAll.Windows.DayEndsAt.ShouldBe(new DateTimeOffset(2028, 3, 1, 0, 0, 0, TimeSpan.Zero));
        ofAll.Windows.MonthEndsAt.ShouldBe(ofAll.Windows.DayEndsAt);

        system.Time.Advance(TimeSpan.FromHours(12));
        var next = await UsageAsync(system, account, "key-1");
        (next.Day, next.Month, next.Total).ShouldBe((Sums(0, 0, 0), Sums(0, 0, 0), Sums(2, 8, 30)));
    }

    [Fact]
    public async Task Nobody_sees_another_accounts_usage_of_a_key_with_the_same_id()
    {
        var (account, other, model) = (billing.NewAccount(), billing.NewAccount(), await billing.NewModelAsync());
        await CallAsync(billing, account, model, input: 0, output: 10);

        (await UsageAsync(billing, other, "key-1")).Total.ShouldBe(Sums(0, 0, 0));
    }

    [Fact]
    public async Task With_billing_off_calls_are_counted_once_and_cost_nothing()
    {
        await using var off = await billing.ReplicaAsync(("Billing:Enabled", "false"));
        var (account, request) = (off.NewAccount(), BillingSystem.NewRequest());
        var model = new PricedModel("test", "nobody-said-what-it-costs-either");
        await off.HoldAsync(request, account, model, output: 5_000);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => off.SettleAsync(request, model, output: 4_000, input: 7)));

        (await UsageAsync(off, account, "key-1")).Total.ShouldBe(new UsageSums(1, 7, 0, 0, 4_000, 0, NanoUsd.Zero, NanoUsd.Zero, NanoUsd.Zero));
    }

    [Fact]
    public async Task The_totals_are_of_everybody()
    {
        await using var system = new BillingSystem();
        await system.InitializeAsync();
        var model = await system.NewModelAsync();
        await CallAsync(system, system.NewAccount(), model, input: 0, output: 100);
        await CallAsync(system, system.NewAccount(), model, input: 0, output: 200);
        await system.HoldAsync(BillingSystem.NewRequest(), system.NewAccount(), model, output: 7);

        var totals = await ReadAsync(system, usage => usage.TotalsAsync(CancellationToken.None));

        (totals.Day, totals.Month).ShouldBe((Sums(2, 0, 300), Sums(2, 0, 300)));
        (totals.Balance, totals.Held, totals.Accounts).ShouldBe((0.0000027m, 0.000000007m, 3));
    }

    [Fact]
    public async Task Sums_beyond_what_64_bits_hold_are_told()
    {
        await using var system = new BillingSystem();
        await system.InitializeAsync();
        await system.CountAsync(
            """
            with opened as (
                insert into billing.accounts (id, balance, held, opened_at)
                select 'rich-' || n, 7000000000000000001, 1, now() from generate_series(1, 3) n returning 1),
            used as (
                insert into billing.usage_days
                select 'rich-' || n, '', $1, 'm', 'p', 1, 1, 0, 0, 1, 0, 7e18::bigint, 7e18::bigint, 7e18::bigint
                from generate_series(1, 3) n returning 1)
            select count(*) from opened, used
            """,
            DateOnly.FromDateTime(system.Time.GetUtcNow().UtcDateTime));

        var totals = await ReadAsync(system, usage => usage.TotalsAsync(CancellationToken.None));

        (totals.Balance, totals.Held).ShouldBe((21_000_000_000.000000003m, 0.000000003m));
        totals.Month.ShouldBe(new UsageSums(3, 3, 0, 0, 3, 0, new(long.MaxValue), new(long.MaxValue), new(long.MaxValue)));
    }

    internal static async Task CallAsync(BillingSystem system, string account, PricedModel model, long input, long output, string? key = "key-1")
    {
        var request = BillingSystem.NewRequest();
        (await system.HoldAsync(request, account, model, output, prompt: input, key: key)).Refusal.ShouldBeNull();
        (await system.SettleAsync(request, model, output, input)).Refusal.ShouldBeNull();
    }

    internal static async Task<T> ReadAsync<T>(BillingSystem system, Func<UsageReads, Task<T>> read)
    {
        await using var scope = system.Services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<UsageReads>());
    }

    private static Task<AccountUsage> UsageAsync(BillingSystem system, string account, string? key) =>
        ReadAsync(system, usage => usage.GetAsync(account, key, CancellationToken.None));

    // 0.8 of a nano-dollar a token is the provider's, and what a call owes is rounded up once: these calls are of whole fives.
    private static UsageSums Sums(long requests, long input, long output) => new(
        requests, input, 0, 0, output, 0, new(input + output), NanoUsd.Zero, new(ProviderCost(input + output)));

    private static long ProviderCost(long tokens) => ((tokens * 8) + 9) / 10;
}
