using LlmGateway.Billing.Pricing;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>With the rule "settle" a call that is gone without a word is charged what was held for it.</summary>
public sealed class ExpiredCallTests : IAsyncLifetime
{
    private readonly BillingSystem _billing = new(connectionString: null, ("Billing:ExpiredHolds", "settle"));

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task It_is_charged_whole_at_the_dearest_candidate_once_and_a_later_settlement_gets_the_same_figures()
    {
        var (account, request) = (_billing.NewAccount(), BillingSystem.NewRequest());
        var (cheap, dear) = (await _billing.NewModelAsync(), await _billing.NewModelAsync(new(800_000, 800_000, 800_000, 1_600_000)));
        (await _billing.Holds.HoldAsync(
            new(request, account, "key-1", [cheap, dear, cheap], 100, 200, 200) { Limits = new() { DailyTokens = 1000 } }, CancellationToken.None))
            .Value.ShouldNotBeNull();
        _billing.Time.Advance(TimeSpan.FromMinutes(10));

        (await _billing.SweepAsync()).ShouldBe(1);
        (await _billing.SweepAsync()).ShouldBe(0);
        var late = (await _billing.SettleAsync(request, cheap, output: 3)).Value.ShouldNotBeNull();

        (late.First, late.Cost, late.Balance).ShouldBe((false, new NanoUsd(500), new NanoUsd(500)));
        (await _billing.MoneyAsync(account)).ShouldBe((500, 0));
        var charge = await _billing.ReadAsync(db => db.Charges.SingleAsync(charge => charge.RequestId == request));
        (charge.Estimated, charge.Model, charge.InputTokens, charge.OutputTokens, charge.Ending).ShouldBe((true, dear.Model, 100, 200, "broken"));
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Nobody_takes_what_was_held_before_it_is_charged()
    {
        var model = await _billing.NewModelAsync();
        var accounts = Enumerable.Range(0, 4).Select(_ => _billing.NewAccount()).ToArray();
        var requests = accounts.SelectMany(account => Enumerable.Repeat(account, 100), (account, _) => (Account: account, Id: BillingSystem.NewRequest())).ToArray();
        await Task.WhenAll(requests.Select(request => _billing.HoldAsync(request.Id, request.Account, model, output: 10)));
        await using var replica = await _billing.ReplicaAsync(("Billing:ExpiredHolds", "settle"));
        _billing.Time.Advance(TimeSpan.FromMinutes(10));
        replica.Time.Advance(_billing.Time.GetUtcNow() - replica.Time.GetUtcNow());

        await Task.WhenAll(
            _billing.SweepAsync(), replica.SweepAsync(),
            Task.WhenAll(Enumerable.Range(0, 40).Select(index => replica.HoldAsync(BillingSystem.NewRequest(), accounts[index % 4], model, output: 5))));

        (await Task.WhenAll(accounts.Select(_billing.MoneyAsync))).ShouldAllBe(account => account.Balance == 0 && account.Held == 0);
        (await _billing.CountAsync("select count(*) from billing.charges where written_off > 0")).ShouldBe(0);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Of_an_estimate_no_more_is_charged_than_it_covers()
    {
        var (account, request, model) = (_billing.NewAccount(), BillingSystem.NewRequest(), await _billing.NewModelAsync());
        await _billing.MoneyAsync(account);
        await _billing.CountAsync("with o as (update billing.accounts set overdraft = 500 where id = $1 returning 1) select count(*) from o", account);
        (await _billing.HoldAsync(request, account, model, output: 100_000)).Value.ShouldNotBeNull().Bounded.ShouldBeFalse();
        _billing.Time.Advance(TimeSpan.FromMinutes(10));

        await _billing.SweepAsync();

        (await _billing.MoneyAsync(account)).ShouldBe((1000 - 1024, 0));
        await _billing.VerifyAsync();
    }
}
