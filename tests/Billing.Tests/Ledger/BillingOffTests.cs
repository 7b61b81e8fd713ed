using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>BILLING_ENABLED=false: one replica with it and one without, on one ledger.</summary>
public sealed class BillingOffTests(BillingSystem billing) : IClassFixture<BillingSystem>, IAsyncLifetime
{
    private static readonly TokenPrices ADollarAToken = new(1_000_000_000_000_000 / 10, null, null, 1_000_000_000_000_000 / 10);
    private BillingSystem _off = null!;

    public async Task InitializeAsync() => _off = await billing.ReplicaAsync(("Billing:Enabled", "false"), ("Billing:DefaultBalance", "0"));

    public async Task DisposeAsync() => await _off.DisposeAsync();

    [Fact]
    public async Task A_call_that_no_balance_covers_is_made_and_costs_nothing_and_what_it_costs_us_is_kept()
    {
        var (account, request, model) = (_off.NewAccount(), BillingSystem.NewRequest(), await _off.NewModelAsync(ADollarAToken));

        var held = await _off.HoldAsync(request, account, model, output: 1_000_000, prompt: 1_000_000);
        var settled = await _off.SettleAsync(request, model, output: 20, input: 10);

        held.Value.ShouldBe(new GrantedHold(NanoUsd.Zero, 1_000_000, held.Value!.ExpiresAt, Bounded: false) { PricedBy = held.Value.PricedBy });
        settled.Value.ShouldBe(new SettledCall(NanoUsd.Zero, new(30L * 100_000_000), NanoUsd.Zero, NanoUsd.Zero, First: true));
        (await _off.MoneyAsync(account)).ShouldBe((0, 0));
        (await _off.CountAsync(
            "select count(*) from billing.charges where request_id = $1 and cost = 0 and written_off = 0 and input_tokens = 10 and output_tokens = 20",
            request)).ShouldBe(1);
        await _off.VerifyAsync();
    }

    [Fact]
    public async Task A_model_without_a_price_is_served_grows_and_is_counted_once()
    {
        var (account, request) = (_off.NewAccount(), BillingSystem.NewRequest());
        var model = new PricedModel("test", "nobody-said-what-it-costs");

        (await _off.HoldAsync(request, account, model, output: 100)).Value!.OutputTokens.ShouldBe(100);
        (await _off.ExtendAsync(request, output: 5_000)).Value!.OutputTokens.ShouldBe(5_000);
        var first = await _off.SettleAsync(request, model, output: 4_000);
        var again = await _off.SettleAsync(request, model, output: 4_000);

        (first.Value!.First, again.Value!.First, first.Value.Cost, first.Value.ProviderCost).ShouldBe((true, false, NanoUsd.Zero, NanoUsd.Zero));
        (await _off.CountAsync("select count(*) from billing.charges where request_id = $1 and output_tokens = 4000", request)).ShouldBe(1);
    }

    [Fact]
    public async Task Limits_of_tokens_hold_and_those_of_money_do_not()
    {
        var (account, model) = (_off.NewAccount(), await _off.NewModelAsync());
        var money = new KeyLimits { TotalCost = NanoUsd.Zero, DailyCost = NanoUsd.Zero };

        (await _off.HoldAsync(BillingSystem.NewRequest(), account, model, output: 100, limits: money)).Value!.Bounded.ShouldBeFalse();
        (await _off.HoldAsync(BillingSystem.NewRequest(), account, model, output: 100, limits: money with { TotalTokens = 100 })).Value!.Bounded.ShouldBeTrue();
        var refused = await _off.HoldAsync(BillingSystem.NewRequest(), account, model, output: 60, limits: money with { TotalTokens = 100 });

        refused.Refusal.ShouldNotBeNull();
    }

    [Fact]
    public async Task The_hold_decides_whether_a_call_is_charged_when_replicas_differ()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var (charged, free) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await billing.HoldAsync(charged, account, model, output: 400);
        await _off.Prices.RefreshAsync(CancellationToken.None);
        await _off.HoldAsync(free, account, model, output: 400);

        await _off.SettleAsync(charged, model, output: 300);
        await billing.SettleAsync(free, model, output: 300);

        (await billing.MoneyAsync(account)).ShouldBe((700, 0));
    }

    /// <summary>Off where it was made, and on here; with a charged call in the same statement.</summary>
    [Fact]
    public async Task A_hold_made_with_billing_off_is_never_charged_whatever_the_setting_is_here()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var unpriced = new PricedModel("test", "priced-by-nobody");
        var (free, unknown, charged) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());

        await Task.WhenAll(
            billing.Holds.HoldAsync(new(free, account, null, [model], 0, 400, 400) { Uncharged = true, Lost = true }, CancellationToken.None),
            billing.Holds.HoldAsync(new(unknown, account, null, [unpriced], 0, 400, 400) { Uncharged = true }, CancellationToken.None),
            billing.HoldAsync(charged, account, model, output: 400));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 400));

        (await billing.SettleAsync(free, model, output: 300)).Value!.Cost.ShouldBe(NanoUsd.Zero);
        (await billing.SettleAsync(unknown, unpriced, output: 300)).Value!.Cost.ShouldBe(NanoUsd.Zero);
        (await billing.SettleAsync(charged, model, output: 300)).Value!.Cost.ShouldBe(new(300));
        (await billing.MoneyAsync(account)).ShouldBe((700, 0));
    }

    [Fact]
    public async Task A_corrected_price_does_not_charge_what_was_free()
    {
        var (account, request, model) = (_off.NewAccount(), BillingSystem.NewRequest(), await _off.NewModelAsync());
        var began = _off.Time.GetUtcNow();
        await _off.HoldAsync(request, account, model, output: 100);
        await _off.SettleAsync(request, model, output: 100);
        await _off.AnnounceAsync(model, ADollarAToken);

        var done = await _off.Services.GetRequiredService<Rerater>().RunAsync(
            new(began.AddMinutes(-1), began.AddMinutes(1), model, DryRun: false, After: null), CancellationToken.None);

        (done.Adjusted, done.Charged).ShouldBe((1, 0));
        (await _off.MoneyAsync(account)).ShouldBe((0, 0));
    }
}
