using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Tests.Ledger;
using LlmGateway.Protos.Billing.V1;
using Npgsql;

namespace LlmGateway.Billing.Tests.Pricing;

/// <summary>The clock moves and a run looks at every charge, so each test has a system of its own.</summary>
public sealed class ReratingTests : IAsyncLifetime
{
    private readonly BillingSystem _billing = new();

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task A_dearer_price_takes_the_difference_once_and_a_second_run_writes_nothing()
    {
        var (model, account) = (await _billing.NewModelAsync(), _billing.NewAccount());
        await ChargeAsync(account, model, tokens: 100);
        await ChargeAsync(account, model, tokens: 50);
        await SetAsync(model, nano: 3);

        (await RunAsync(dryRun: true)).ShouldBe(new Rerated(2, 2, 300, 0, 0, 0, null));
        (await _billing.MoneyAsync(account)).ShouldBe((850, 0));
        (await RunAsync()).ShouldBe(new Rerated(2, 2, 300, 0, 0, 0, null));
        (await RunAsync()).ShouldBe(new Rerated(2, 0, 0, 0, 0, 0, null));

        (await _billing.MoneyAsync(account)).ShouldBe((550, 0));
        (await SumAsync(account, "customer")).ShouldBe(550);
        (await SumAsync(account, "revenue")).ShouldBe(450);
        (await SumAsync(account, "provider_cost")).ShouldBe(360);
        (await AdjustmentsAsync(account)).ShouldBe(2);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task A_cheaper_price_gives_the_difference_back_and_another_one_after_it_starts_from_there()
    {
        var (model, account) = (await _billing.NewModelAsync(), _billing.NewAccount());
        await SetAsync(model, nano: 5);
        await ChargeAsync(account, model, tokens: 100);

        await SetAsync(model, nano: 2);
        (await RunAsync()).ShouldBe(new Rerated(1, 1, 0, 300, 0, 0, null));
        (await _billing.MoneyAsync(account)).ShouldBe((800, 0));
        await SetAsync(model, nano: 4);
        (await RunAsync()).ShouldBe(new Rerated(1, 1, 200, 0, 0, 0, null));

        (await _billing.MoneyAsync(account)).ShouldBe((600, 0));
        (await SumAsync(account, "revenue")).ShouldBe(400);
        (await SumAsync(account, "provider_cost")).ShouldBe(320);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task What_would_bring_the_balance_beyond_its_bound_is_passed_over()
    {
        var (model, account, books) = (await _billing.NewModelAsync(), _billing.NewAccount(), new Bookkeeper(_billing));
        await SetAsync(model, nano: 5);
        await ChargeAsync(account, model, tokens: 100);
        for (var booked = 0; booked < 8; booked++)
        {
            await books.TopUpAsync(account, Billing.Ledger.WantedBooking.HighestAmount - (booked == 7 ? 700 : 0));
        }

        await SetAsync(model, nano: 2);
        (await RunAsync()).ShouldBe(new Rerated(1, 0, 0, 0, 0, 0, null));
        await books.AdjustAsync(account, -100);
        (await RunAsync()).ShouldBe(new Rerated(1, 1, 0, 300, 0, 0, null));

        (await _billing.MoneyAsync(account)).Balance.ShouldBe(Billing.Ledger.WantedBooking.HighestBalance);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task What_the_balance_does_not_cover_is_written_off_and_what_is_held_is_not_touched()
    {
        var (model, account, held) = (await _billing.NewModelAsync(), _billing.NewAccount(), BillingSystem.NewRequest());
        await ChargeAsync(account, model, tokens: 400);
        await _billing.HoldAsync(held, account, model, output: 500);
        await SetAsync(model, nano: 2);

        (await RunAsync()).ShouldBe(new Rerated(1, 1, 400, 0, 300, 0, null));
        (await _billing.MoneyAsync(account)).ShouldBe((500, 500));
        (await _billing.SettleAsync(held, model, output: 500)).Value!.Cost.Value.ShouldBe(500);
        (await _billing.MoneyAsync(account)).ShouldBe((0, 0));

        // Back at the first price: what the customer did pay for is given back, and what was written off is made good.
        await SetAsync(model, nano: 1);
        (await RunAsync()).ShouldBe(new Rerated(2, 1, 0, 100, 0, 0, null));
        (await _billing.MoneyAsync(account)).ShouldBe((100, 0));
        (await _billing.CountAsync(
            "select coalesce(sum(e.amount), 0) from billing.entries e join billing.postings p on p.id = e.posting_id where p.kind = 'write_off' and e.book = 'customer'"))
            .ShouldBe(0);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Runs_that_come_at_once_adjust_each_charge_once()
    {
        var (model, account) = (await _billing.NewModelAsync(), _billing.NewAccount());
        for (var call = 0; call < 20; call++)
        {
            await ChargeAsync(account, model, tokens: 10);
        }

        await SetAsync(model, nano: 2);
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var closed = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("select from billing.accounts for update", connection))
        {
            await command.ExecuteNonQueryAsync();
        }

        // Each has read the charges, and waits for the account.
        var running = Enumerable.Range(0, 4).Select(_ => RunAsync()).ToArray();
        await _billing.UntilWaitingAsync(sessions: 4);
        await closed.CommitAsync();
        var runs = await Task.WhenAll(running);

        runs.Sum(run => run.Adjusted).ShouldBe(20);
        (await _billing.MoneyAsync(account)).ShouldBe((600, 0));
        (await AdjustmentsAsync(account)).ShouldBe(20);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Only_the_charges_of_the_period_and_of_the_model_are_priced_again()
    {
        var (model, other, account) = (await _billing.NewModelAsync(), await _billing.NewModelAsync(), _billing.NewAccount());
        await ChargeAsync(account, model, tokens: 10);
        _billing.Time.Advance(TimeSpan.FromHours(1));
        var from = _billing.Time.GetUtcNow();
        await ChargeAsync(account, model, tokens: 20);
        await ChargeAsync(account, other, tokens: 40);
        _billing.Time.Advance(TimeSpan.FromHours(1));
        await ChargeAsync(account, model, tokens: 80);
        await SetAsync(model, nano: 2);
        await SetAsync(other, nano: 2);

        var run = await Rerater.RunAsync(new(from, _billing.Time.GetUtcNow(), model, DryRun: false, After: null), CancellationToken.None);

        run.ShouldBe(new Rerated(1, 1, 20, 0, 0, 0, null));
        (await _billing.MoneyAsync(account)).ShouldBe((1000 - 150 - 20, 0));
    }

    [Fact]
    public async Task A_price_change_alone_rewrites_nothing_and_a_model_without_a_price_keeps_its_charges()
    {
        var (model, gone, account) = (await _billing.NewModelAsync(), await _billing.NewModelAsync(), _billing.NewAccount());
        await ChargeAsync(account, model, tokens: 10);
        await ChargeAsync(account, gone, tokens: 10);
        await _billing.Prices.AnnounceAsync([new(gone, AnnouncedPrices.None)], CancellationToken.None);

        (await RunAsync()).ShouldBe(new Rerated(2, 0, 0, 0, 0, 1, null));
        (await _billing.MoneyAsync(account)).ShouldBe((980, 0));
    }

    /// <summary>A free answer stays free at any price, a call that nobody answered has none, and what its other attempts cost stays.</summary>
    [Theory]
    [InlineData(Ending.Whole, 1000 - 300, 240 + 16)]
    [InlineData(Ending.Empty, 1000, 240 + 16)]
    [InlineData(Ending.Failed, 1000, 16)]
    public async Task Who_pays_was_decided_when_the_call_was_settled(Ending ending, long balance, long providerCost)
    {
        var (model, account, request) = (await _billing.NewModelAsync(), _billing.NewAccount(), BillingSystem.NewRequest());
        await _billing.HoldAsync(request, account, model, output: 500);
        await _billing.Settlements.SettleAsync(
            new(request, model, "deployment-1", "the-model", new(0, 0, 0, 100), 0, Estimated: false, _billing.Time.GetUtcNow(), 0, 0, "[]")
            {
                Ending = ending,
                Wasted = [new(model, new(0, 0, 0, 20), Hedged: false) { Number = 1, Deployment = "deployment-2" }],
            },
            CancellationToken.None);
        await SetAsync(model, nano: 3);

        await RunAsync();

        (await _billing.MoneyAsync(account)).ShouldBe((balance, 0));
        (await SumAsync(account, "provider_cost")).ShouldBe(providerCost);
        (await RunAsync()).Adjusted.ShouldBe(0);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task What_was_refunded_keeps_its_price_and_after_a_rerating_what_was_paid_then_is_given_back()
    {
        var (model, account) = (await _billing.NewModelAsync(), _billing.NewAccount());
        var books = new Bookkeeper(_billing);
        var refunded = await ChargeAsync(account, model, tokens: 100);
        var rerated = await ChargeAsync(account, model, tokens: 100);
        await books.RefundAsync(refunded, 1);
        await SetAsync(model, nano: 3);

        (await RunAsync(dryRun: true)).ShouldBe(new Rerated(2, 1, 200, 0, 0, 0, null, Refunded: 1));
        (await RunAsync()).ShouldBe(new Rerated(2, 1, 200, 0, 0, 0, null, Refunded: 1));
        (await books.RefundAsync(rerated, 301)).Refusal!.Paid.Value.ShouldBe(300);
        (await books.RefundAsync(rerated)).Booked!.Amount.Value.ShouldBe(300);
        (await books.RefundAsync(refunded)).Booked!.Amount.Value.ShouldBe(99);

        (await RunAsync()).ShouldBe(new Rerated(2, 0, 0, 0, 0, 0, null, Refunded: 2));
        (await _billing.MoneyAsync(account)).ShouldBe((1000, 0));
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task A_refund_that_comes_while_a_rerating_waits_wins()
    {
        var (model, account) = (await _billing.NewModelAsync(), _billing.NewAccount());
        var request = await ChargeAsync(account, model, tokens: 100);
        await SetAsync(model, nano: 2);
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var closed = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("select from billing.accounts for update", connection))
        {
            await command.ExecuteNonQueryAsync();
        }

        // Both wait for the account, and are let in by their turn.
        var refunding = new Bookkeeper(_billing).RefundAsync(request);
        await _billing.UntilWaitingAsync(sessions: 1);
        var running = RunAsync();
        await _billing.UntilWaitingAsync(sessions: 2);
        await closed.CommitAsync();

        (await refunding).Booked!.Amount.Value.ShouldBe(100);
        (await running).Adjusted.ShouldBe(0);
        (await _billing.MoneyAsync(account)).ShouldBe((1000, 0));
        await _billing.VerifyAsync();
    }

    private Rerater Rerater => new(_billing.Database, _billing.Prices, _billing.Time);

    private Task<Rerated> RunAsync(bool dryRun = false) => Rerater.RunAsync(
        new(_billing.Time.GetUtcNow().AddDays(-1), _billing.Time.GetUtcNow().AddDays(1), Model: null, dryRun, After: null), CancellationToken.None);

    private async Task<string> ChargeAsync(string account, PricedModel model, long tokens)
    {
        var request = BillingSystem.NewRequest();
        (await _billing.HoldAsync(request, account, model, output: tokens)).Value.ShouldNotBeNull();
        (await _billing.SettleAsync(request, model, output: tokens)).Value.ShouldNotBeNull();
        return request;
    }

    private Task<int> SetAsync(PricedModel model, long nano) => _billing.Prices.WriteAsync(
        PriceSource.Administrator,
        [PriceRow.Now(model, new(nano * 800_000, null, null, nano * 800_000))],
        CancellationToken.None);

    private Task<long> SumAsync(string account, string book) =>
        _billing.CountAsync("select coalesce(sum(amount), 0) from billing.entries where account_id = $1 and book = $2", account, book);

    private Task<long> AdjustmentsAsync(string account) => _billing.CountAsync(
        "select count(*) from billing.postings p join billing.charges c using (request_id) where p.account_id = $1 and p.kind = 'adjustment'", account);
}
