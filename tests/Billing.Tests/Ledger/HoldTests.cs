using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class HoldTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task A_hold_opens_an_unseen_account_with_the_grant_and_sets_the_money_aside()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();

        var hold = (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 300, prompt: 100)).Value.ShouldNotBeNull();

        hold.Amount.ShouldBe(new NanoUsd(400));
        hold.OutputTokens.ShouldBe(300);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 400));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task The_dearest_candidate_and_its_dearest_input_kind_set_the_amount()
    {
        var cheapOutput = await billing.NewModelAsync(new(800_000, 80_000, 1_600_000, 80_000));
        var cheapInput = await billing.NewModelAsync(new(80_000, 80_000, 80_000, 4_000_000));

        var mostlyPrompt = await HoldAsync(prompt: 100, output: 10);
        var mostlyOutput = await HoldAsync(prompt: 10, output: 100);

        mostlyPrompt.Amount.ShouldBe(new NanoUsd(201));
        mostlyOutput.Amount.ShouldBe(new NanoUsd(501));

        async Task<GrantedHold> HoldAsync(long prompt, long output) => (await billing.Holds.HoldAsync(
            new(BillingSystem.NewRequest(), billing.NewAccount(), null, [cheapOutput, cheapInput], prompt, output, output),
            CancellationToken.None)).Value.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_repeated_hold_is_the_same_hold_even_when_nothing_more_is_available()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();

        var first = await billing.HoldAsync(request, account, model, output: 1000);
        billing.Time.Advance(TimeSpan.FromSeconds(1));
        var second = await billing.HoldAsync(request, account, model, output: 1000);

        second.Value.ShouldNotBeNull().ShouldBe(first.Value);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 1000));
    }

    [Fact]
    public async Task A_request_id_of_another_account_is_refused_and_holds_nothing()
    {
        var (owner, other, request) = (billing.NewAccount(), billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, owner, model, output: 10);

        var answer = await billing.HoldAsync(request, other, model, output: 10);

        answer.Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ForeignHold);
        (await billing.MoneyAsync(other)).ShouldBe((1000, 0));
    }

    [Fact]
    public async Task A_hold_shrinks_to_exactly_what_is_available()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 300);

        var hold = (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 5000, min: 256, prompt: 100)).Value;

        hold.ShouldNotBeNull().OutputTokens.ShouldBe(600);
        hold.Amount.ShouldBe(new NanoUsd(700));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 1000));
    }

    [Fact]
    public async Task A_hold_below_the_least_bound_is_refused_with_the_figures()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 745);

        var refusal = (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 5000, min: 256)).Refusal.ShouldNotBeNull();

        refusal.Reason.ShouldBe(LedgerRefusalReason.InsufficientBalance);
        (refusal.Required.Value, refusal.Available.Value, refusal.Balance.Value, refusal.Held.Value).ShouldBe((256, 255, 1000, 745));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 745));
    }

    [Fact]
    public async Task The_last_nano_dollar_can_be_held_and_not_one_more()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();

        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1001)).Refusal.ShouldNotBeNull();
        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1000)).Value.ShouldNotBeNull();
    }

    [Fact]
    public async Task An_unknown_price_is_refused_by_name_and_opens_nothing()
    {
        var account = billing.NewAccount();
        var known = await billing.NewModelAsync();

        var refusal = (await billing.Holds.HoldAsync(
            new(BillingSystem.NewRequest(), account, null, [known, new("test", "no-such-model")], 1, 1, 1), CancellationToken.None)).Refusal;

        refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.PriceUnknown);
        refusal.Model.ToString().ShouldBe("test/no-such-model");
        (await billing.CountAsync("select count(*) from billing.accounts where id = $1", account)).ShouldBe(0);
    }

    [Fact]
    public async Task An_explicit_zero_is_a_price_and_its_hold_exists_without_an_amount()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var free = await billing.NewModelAsync(new(0, 0, 0, 0));
        var dear = await billing.NewModelAsync();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, dear, output: 1000);

        (await billing.HoldAsync(request, account, free, output: 4096)).Value.ShouldNotBeNull().Amount.ShouldBe(NanoUsd.Zero);

        var settled = (await billing.SettleAsync(request, free, output: 4096)).Value.ShouldNotBeNull();
        settled.Cost.ShouldBe(NanoUsd.Zero);
        (await billing.CountAsync("select count(*) from billing.postings where request_id = $1 and kind = 'charge'", request)).ShouldBe(1);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task First_calls_that_come_together_open_the_account_once()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();
        var replica = await billing.ReplicaAsync();

        var holds = await Task.WhenAll(Enumerable.Range(0, 40).Select(index =>
            (index % 2 == 0 ? billing : replica).HoldAsync(BillingSystem.NewRequest(), account, model, output: 10)));

        holds.ShouldAllBe(hold => hold.Value != null);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 400));
        (await billing.CountAsync("select count(*) from billing.postings where account_id = $1 and kind = 'grant'", account)).ShouldBe(1);
        await billing.VerifyAsync();
        await replica.DisposeAsync();
    }
}
