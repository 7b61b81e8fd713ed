using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>With the rule "settle" a call that is gone without a word is charged what was held for it, until it is known what it used.</summary>
public sealed class ExpiredCallTests : IAsyncLifetime
{
    private static readonly ReratedPeriod Always = new(DateTimeOffset.UnixEpoch, new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero), null, false, null);

    private readonly BillingSystem _billing = new(connectionString: null, ("Billing:ExpiredHolds", "settle"));

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task It_is_charged_whole_at_the_dearest_candidate_once_and_a_later_settlement_corrects_that_once()
    {
        var (account, request) = (_billing.NewAccount(), BillingSystem.NewRequest());
        var (cheap, dear) = (await _billing.NewModelAsync(), await _billing.NewModelAsync(new(800_000, 800_000, 800_000, 1_600_000)));
        (await _billing.Holds.HoldAsync(
            new(request, account, "key-1", [cheap, dear, cheap], 100, 200, 200) { Limits = new() { DailyTokens = 1000 } }, CancellationToken.None))
            .Value.ShouldNotBeNull();
        _billing.Time.Advance(TimeSpan.FromMinutes(10));

        (await _billing.SweepAsync()).ShouldBe(1);
        (await _billing.SweepAsync()).ShouldBe(0);
        (await _billing.MoneyAsync(account)).ShouldBe((500, 0));
        await _billing.AnnounceAsync(cheap, new(0, 0, 0, 8_000_000));
        var late = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _billing.SettleAsync(request, cheap, output: 3)));
        await _billing.ReleaseAsync(request);
        var (_, last) = (await _billing.Services.GetRequiredService<Rerater>().RunAsync(Always, CancellationToken.None), await _billing.SettleAsync(request, cheap, output: 9));

        late.Append(last).ShouldAllBe(settled => settled.Value!.Cost == new NanoUsd(3) && settled.Value.Balance == new NanoUsd(997) && !settled.Value.First);
        (await _billing.MoneyAsync(account)).ShouldBe((997, 0));
        (await _billing.WindowAsync(account, "total", new(1970, 1, 1)))!.UsedCost.ShouldBe(3);
        (await _billing.CountAsync("select count(*) from billing.reratings where request_id = $1 and cost = 3 and provider_cost = 3", request)).ShouldBe(1);
        var charge = await _billing.ReadAsync(db => db.Charges.SingleAsync(charge => charge.RequestId == request));
        (charge.Estimated, charge.Model, charge.InputTokens, charge.OutputTokens, charge.Ending).ShouldBe((true, dear.Model, 100, 200, "broken"));
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Releases_and_settlements_that_race_with_the_sweep_or_come_after_it_end_at_what_each_call_used()
    {
        var model = await _billing.NewModelAsync();
        var calls = Enumerable.Range(0, 120).Select(index => (Account: $"account-{index % 4}", Id: BillingSystem.NewRequest(), Kind: index % 3)).ToArray();
        await Task.WhenAll(calls.Select(call => _billing.HoldAsync(call.Id, call.Account, model, output: 30)));
        await using var replica = await _billing.ReplicaAsync(("Billing:ExpiredHolds", "settle"));
        _billing.Time.Advance(TimeSpan.FromMinutes(10));
        replica.Time.Advance(TimeSpan.FromMinutes(10));

        var sweep = Task.WhenAll(_billing.SweepAsync(), replica.SweepAsync());
        await Task.WhenAll(calls.Select(call => call.Kind switch
        {
            0 => replica.ReleaseAsync(call.Id),
            1 => replica.SettleAsync(call.Id, model, output: 2),
            _ => sweep,
        }));
        await Task.WhenAll(calls.Where(call => call.Kind == 2).Select(call => replica.ReleaseAsync(call.Id)));

        (await Task.WhenAll(calls.Select(call => call.Account).Distinct().Select(_billing.MoneyAsync)))
            .ShouldAllBe(account => account.Balance == 1000 - 20 && account.Held == 0);
        (await _billing.CountAsync("select count(*) from billing.assumed_charges")).ShouldBeGreaterThanOrEqualTo(40);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task What_was_refunded_stays_as_it_was_reckoned()
    {
        var (account, request, model) = (_billing.NewAccount(), BillingSystem.NewRequest(), await _billing.NewModelAsync());
        await _billing.HoldAsync(request, account, model, output: 500);
        _billing.Time.Advance(TimeSpan.FromMinutes(10));
        await _billing.SweepAsync();
        await new Bookkeeper(_billing).RefundAsync(request, 400);

        (await _billing.SettleAsync(request, model, output: 3)).Value.ShouldNotBeNull().Cost.Value.ShouldBe(500);

        (await _billing.MoneyAsync(account)).ShouldBe((900, 0));
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task For_two_minutes_after_the_start_nothing_is_charged_that_may_still_be_told()
    {
        await using var started = new BillingSystem(_billing.ConnectionString, ("Billing:ExpiredHolds", "settle"))
        {
            ChargeDelay = new BillingOptions().ChargeDelay,
        };
        await started.InitializeAsync();
        var (account, model) = (started.NewAccount(), await started.NewModelAsync());
        await _billing.Prices.RefreshAsync(CancellationToken.None);
        await _billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 500);
        started.Time.Advance(TimeSpan.FromMinutes(10));

        (await started.SweepAsync()).ShouldBe(0);
        started.Time.Advance(TimeSpan.FromSeconds(119));
        (await started.SweepAsync()).ShouldBe(0);
        (await started.MoneyAsync(account)).ShouldBe((1000, 500));
        started.Time.Advance(TimeSpan.FromSeconds(1));
        (await started.SweepAsync()).ShouldBe(1);
        (await started.MoneyAsync(account)).ShouldBe((500, 0));
    }

    [Fact]
    public async Task Nor_for_two_minutes_after_the_database_was_lost()
    {
        var (account, model) = (_billing.NewAccount(), await _billing.NewModelAsync());
        await _billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 500);
        await using var nowhere = NpgsqlDataSource.Create("Host=nowhere.invalid;Username=nobody;Database=none");
        using var watch = new DatabaseWatch(nowhere, NullLogger<DatabaseWatch>.Instance);
        using var sweeper = new ExpirySweeper(
            _billing.Database, watch, Options.Create(new BillingOptions { ExpiredHolds = ExpiredHolds.Settle }),
            _billing.Services.GetRequiredService<BillingMetrics>(), _billing.Time, NullLogger<ExpirySweeper>.Instance);
        _billing.Time.Advance(TimeSpan.FromMinutes(10));
        await watch.StartAsync(CancellationToken.None);
        var lost = new TaskCompletionSource();
        await using (watch.Lost.Register(lost.SetResult))
        {
            await lost.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        (await sweeper.SweepAsync(CancellationToken.None)).ShouldBe(0);
        _billing.Time.Advance(TimeSpan.FromMinutes(2));
        (await sweeper.SweepAsync(CancellationToken.None)).ShouldBe(1);

        await watch.StopAsync(CancellationToken.None);
        (await _billing.MoneyAsync(account)).ShouldBe((500, 0));
    }

    [Fact]
    public async Task A_hold_that_cannot_be_charged_does_not_keep_the_others()
    {
        var (model, bad) = (await _billing.NewModelAsync(), BillingSystem.NewRequest());
        var (account, other) = (_billing.NewAccount(), _billing.NewAccount());
        await _billing.HoldAsync(bad, account, model, output: 500);
        await _billing.HoldAsync(BillingSystem.NewRequest(), other, model, output: 500);
        await _billing.CountAsync(
            """
            with c as (insert into billing.charges (request_id, account_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
                cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost,
                markup_basis_points, price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, created_at, ending, free,
                wasted_price, wasted_cost)
            values ($1, $2, 'm', 'p', 'm', 'd', 0, 0, 0, 0, 0, 0, false, 0, 0, 0, 0, 1, 0, now(), 0, 0, '[]', now(), 'whole', false, 0, 0) returning 1)
            select count(*) from c
            """,
            bad, account);
        _billing.Time.Advance(TimeSpan.FromMinutes(10));

        (await _billing.SweepAsync()).ShouldBe(1);

        (await _billing.MoneyAsync(other)).ShouldBe((500, 0));
        (await _billing.MoneyAsync(account)).ShouldBe((1000, 500));
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
