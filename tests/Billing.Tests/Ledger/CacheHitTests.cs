using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>Answers of the gateway's cache, at 30 nano-dollars each.</summary>
public sealed class CacheHitTests : IAsyncLifetime
{
    private const int Price = 30;
    private readonly BillingSystem _billing = new(connectionString: null, ("Billing:CacheHitPrice", "0.00000003"));

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task A_hit_is_an_entry_of_its_own_charged_once_whoever_repeats_it()
    {
        await using var replica = await _billing.ReplicaAsync(("Billing:CacheHitPrice", "0.00000003"));
        var (account, request) = (_billing.NewAccount(), BillingSystem.NewRequest());
        var source = await CallAsync(account, tokens: 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            index => HitAsync(account, source, request, at: index % 2 == 0 ? _billing : replica)));

        answers.ShouldAllBe(answer => answer.Value!.Cost.Value == Price);
        answers.Count(answer => answer.Value!.First).ShouldBe(1);
        (await _billing.MoneyAsync(account)).ShouldBe((1000 - 100 - Price, 0));
        (await _billing.CountAsync(
            """
            select count(*) from billing.postings p join billing.entries e on e.posting_id = p.id
            where p.request_id = $1 and p.kind = 'cache_hit' and p.balance_after = 870 and (e.book, e.amount) in (('customer', -30), ('revenue', 30))
            """,
            request)).ShouldBe(2);
        (await _billing.CountAsync(
            "select count(*) from billing.usage_days where account_id = $1 and requests = 2 and output_tokens = 100 and cost = 130", account)).ShouldBe(1);
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task A_hit_never_costs_more_than_the_call_that_it_is_from()
    {
        var account = _billing.NewAccount();

        (await HitAsync(account, await CallAsync(account, tokens: 7))).Value!.Cost.Value.ShouldBe(7);
        (await HitAsync(account, await CallAsync(account, tokens: 0))).Value!.Cost.Value.ShouldBe(0);

        (await _billing.MoneyAsync(account)).ShouldBe((1000 - 14, 0));
        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task Of_another_accounts_call_and_of_one_that_was_not_settled_nothing_is_charged()
    {
        var (account, other) = (_billing.NewAccount(), _billing.NewAccount());
        var source = await CallAsync(other, tokens: 100);
        var running = BillingSystem.NewRequest();
        await _billing.HoldAsync(running, account, await _billing.NewModelAsync(), output: 10);

        (await HitAsync(account, source)).Refusal!.Reason.ShouldBe(LedgerRefusalReason.UnknownSource);
        (await HitAsync(account, running)).Refusal!.Reason.ShouldBe(LedgerRefusalReason.UnknownSource);
        (await HitAsync(account, BillingSystem.NewRequest())).Refusal!.Reason.ShouldBe(LedgerRefusalReason.UnknownSource);

        (await _billing.MoneyAsync(account)).ShouldBe((1000, 10));
    }

    [Fact]
    public async Task A_request_id_is_one_calls_only()
    {
        var (account, other, request) = (_billing.NewAccount(), _billing.NewAccount(), BillingSystem.NewRequest());
        var (source, others) = (await CallAsync(account, tokens: 100), await CallAsync(other, tokens: 100));
        (await HitAsync(account, source, request)).Value.ShouldNotBeNull();

        (await HitAsync(other, others, request)).Refusal!.Reason.ShouldBe(LedgerRefusalReason.ForeignHold);
        (await HitAsync(account, source, source)).Refusal!.Reason.ShouldBe(LedgerRefusalReason.ForeignHold);

        await _billing.VerifyAsync();
    }

    [Fact]
    public async Task A_limit_of_money_ends_hits_and_one_of_tokens_does_not()
    {
        var account = _billing.NewAccount();
        var source = await CallAsync(account, tokens: 100);
        var limits = new KeyLimits { TotalTokens = 0, DailyCost = new(100 + Price) };

        (await HitAsync(account, source, limits: limits)).Value!.Cost.Value.ShouldBe(Price);
        var refused = await HitAsync(account, source, limits: limits);

        refused.Refusal!.Reason.ShouldBe(LedgerRefusalReason.LimitReached);
        (refused.Refusal.Limit!.Window, refused.Refusal.Limit.Used).ShouldBe((LimitWindow.Day, 100 + Price));
        await _billing.VerifyAsync();
    }

    /// <summary>P1 for hits, beside holds that want the same money.</summary>
    [Fact]
    public void Parallel_hits_and_holds_never_take_more_than_there_is() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(15),
        Prop.ForAll(Gen.Choose(1, 30).ArrayOf(12).ToArbitrary(), holds => SpendAsync(holds).GetAwaiter().GetResult()));

    private async Task<bool> SpendAsync(int[] holds)
    {
        var (account, model) = (_billing.NewAccount(), await _billing.NewModelAsync());
        var source = await CallAsync(account, tokens: 800);
        var hits = Enumerable.Range(0, 12).Select(_ => HitAsync(account, source)).ToList();
        var held = await Task.WhenAll(holds.Select(output => _billing.HoldAsync(BillingSystem.NewRequest(), account, model, output)));
        var charged = (await Task.WhenAll(hits)).Sum(hit => hit.Value?.Cost.Value ?? 0);

        var money = await _billing.MoneyAsync(account);
        await _billing.VerifyAsync();
        return money == (200 - charged, held.Sum(hold => hold.Value?.Amount.Value ?? 0)) && money.Balance >= money.Held;
    }

    private async Task<string> CallAsync(string account, int tokens)
    {
        var (request, model) = (BillingSystem.NewRequest(), await _billing.NewModelAsync());
        (await _billing.HoldAsync(request, account, model, output: tokens)).Value.ShouldNotBeNull();
        (await _billing.SettleAsync(request, model, output: tokens)).Value.ShouldNotBeNull();
        return request;
    }

    private Task<Answer<ChargedHit>> HitAsync(
        string account, string source, string? request = null, KeyLimits? limits = null, BillingSystem? at = null) =>
        (at ?? _billing).Services.GetRequiredService<CacheHits>().ChargeAsync(
            new(request ?? BillingSystem.NewRequest(), account, "key-1", source, limits), CancellationToken.None);
}
