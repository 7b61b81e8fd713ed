using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>P1: at every instant, charged + held is at most what was funded.</summary>
public sealed class NoOverspendTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task Five_hundred_parallel_calls_on_a_small_balance_never_overspend_and_add_up_exactly()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();
        var replica = await billing.ReplicaAsync();
        await billing.MoneyAsync(account);
        using var done = new CancellationTokenSource();
        var sampler = SampleAsync(account, done.Token);

        var costs = await Task.WhenAll(Enumerable.Range(0, 500).Select(index =>
            CallAsync(index % 2 == 0 ? billing : replica, account, model, index)));

        await done.CancelAsync();
        (await sampler).ShouldBeGreaterThan(3);
        var served = costs.Where(cost => cost is not null).ToArray();
        served.Length.ShouldBeInRange(20, 499);
        (await billing.MoneyAsync(account)).ShouldBe((1000 - served.Sum(cost => cost!.Value), 0));
        await billing.VerifyAsync();
        await replica.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task A_thousand_parallel_calls_on_two_hosts_never_pass_a_dollar(int accounts)
    {
        (string, string) dollar = ("Billing:DefaultBalance", "1.00");
        await using var one = new BillingSystem(billing.ConnectionString, dollar);
        await one.InitializeAsync();
        await using var other = await one.ReplicaAsync(dollar);
        var model = await one.NewModelAsync();
        var names = Enumerable.Range(0, accounts).Select(_ => one.NewAccount()).ToArray();
        await Task.WhenAll(names.Select(one.MoneyAsync));
        using var done = new CancellationTokenSource();
        var samplers = names.Select(name => SampleAsync(name, done.Token)).ToArray();

        // A hundredth of a dollar held for each, so that most find too little; half of that is charged, or a little more than was held.
        var costs = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async index =>
        {
            var (host, account, request) = (index % 2 == 0 ? one : other, names[index % accounts], BillingSystem.NewRequest());
            if ((await host.HoldAsync(request, account, model, output: 10_000_000)).Value is null)
            {
                return (account, Taken: 0L);
            }

            var settled = (await host.SettleAsync(request, model, output: index % 3 == 0 ? 10_500_000 : 5_000_000)).Value.ShouldNotBeNull();
            return (account, Taken: settled.Cost.Value - settled.WrittenOff.Value);
        }));

        await done.CancelAsync();
        (await Task.WhenAll(samplers)).ShouldAllBe(samples => samples > 3);
        foreach (var name in names)
        {
            var taken = costs.Where(cost => cost.account == name).Sum(cost => cost.Taken);
            taken.ShouldBeInRange(500_000_000, 1_000_000_000);
            (await one.MoneyAsync(name)).ShouldBe((1_000_000_000 - taken, 0));
        }

        await one.VerifyAsync();
    }

    [Fact]
    public async Task Parallel_holds_take_all_there_is_and_refuse_the_rest()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();

        var holds = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ =>
            billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 7)));

        holds.Count(hold => hold.Value is not null).ShouldBe(142);
        holds.Where(hold => hold.Refusal is not null).ShouldAllBe(hold => hold.Refusal!.Required > hold.Refusal.Available);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 994));
    }

    [Fact]
    public async Task Parallel_holds_that_may_shrink_leave_less_than_the_least_bound()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();

        var holds = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ =>
            billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 130, min: 30)));

        var granted = holds.Where(hold => hold.Value is not null).Select(hold => hold.Value!).ToArray();
        granted.ShouldAllBe(hold => hold.OutputTokens >= 30 && hold.OutputTokens <= 130 && hold.Amount.Value == hold.OutputTokens);
        var (_, held) = await billing.MoneyAsync(account);
        held.ShouldBe(granted.Sum(hold => hold.Amount.Value));
        held.ShouldBeInRange(971, 1000);
        await billing.VerifyAsync();
    }

    /// <returns>The cost, or null where the hold was refused or given back.</returns>
    private static async Task<long?> CallAsync(BillingSystem replica, string account, PricedModel model, int index)
    {
        var request = BillingSystem.NewRequest();
        if ((await replica.HoldAsync(request, account, model, output: 40)).Refusal is { } refusal)
        {
            refusal.Reason.ShouldBe(LedgerRefusalReason.InsufficientBalance);
            return null;
        }

        if (index % 5 == 0)
        {
            await replica.ReleaseAsync(request);
            return null;
        }

        // Every third costs more than was held for it.
        var settled = (await replica.SettleAsync(request, model, output: index % 3 == 0 ? 45 : 15)).Value.ShouldNotBeNull();
        return settled.Cost.Value - settled.WrittenOff.Value;
    }

    private async Task<int> SampleAsync(string account, CancellationToken done)
    {
        var samples = 0;
        while (!done.IsCancellationRequested)
        {
            (await billing.CountAsync(
                """
                select (select sum(amount) from billing.entries e join billing.postings p on p.id = e.posting_id
                        where e.account_id = $1 and book = 'customer' and kind = 'grant')
                     + (select coalesce(sum(amount), 0) from billing.entries e join billing.postings p on p.id = e.posting_id
                        where e.account_id = $1 and book = 'customer' and kind in ('charge', 'write_off'))
                     - (select coalesce(sum(amount), 0) from billing.holds where account_id = $1 and state = 'open')
                """,
                account)).ShouldBeGreaterThanOrEqualTo(0, "funded - charged - held");
            samples++;
        }

        return samples;
    }
}
