using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class SettleTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task A_settlement_charges_what_was_used_and_gives_the_rest_back()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 500);

        var settled = (await billing.SettleAsync(request, model, input: 20, output: 100)).Value.ShouldNotBeNull();

        (settled.Cost.Value, settled.ProviderCost.Value, settled.Balance.Value, settled.WrittenOff.Value).ShouldBe((120, 96, 880, 0));
        (await billing.MoneyAsync(account)).ShouldBe((880, 0));
        (await EntriesAsync(request)).ShouldBe(
            ["charge customer -120", "charge revenue 120", "provider_cost platform -96", "provider_cost provider_cost 96"]);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Every_kind_of_token_has_its_own_price()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync(new(1_000_000, 100_000, 2_000_000, 4_000_000));
        await billing.HoldAsync(request, account, model, output: 10);

        var settled = (await billing.Settlements.SettleAsync(
            new(request, model, "d", "m", new(7, 10, 3, 5), 2, Estimated: false, billing.Time.GetUtcNow(), 0, 0, "[]"),
            CancellationToken.None)).Value.ShouldNotBeNull();

        // 7 x 1 + 10 x 0.1 + 3 x 2 + 5 x 4 = 34 nano-dollars, and 25 % on top = 42.5, rounded up.
        (settled.ProviderCost.Value, settled.Cost.Value).ShouldBe((34, 43));
    }

    [Fact]
    public async Task A_repeated_settlement_gets_the_first_ones_figures_whatever_it_says()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 500);
        var first = (await billing.SettleAsync(request, model, output: 100)).Value.ShouldNotBeNull();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 500);

        var second = (await billing.SettleAsync(request, model, output: 400)).Value.ShouldNotBeNull();
        var third = (await billing.SettleAsync(request, new("test", "never-priced"), output: 1)).Value.ShouldNotBeNull();

        first.First.ShouldBeTrue();
        second.ShouldBe(first with { First = false });
        third.ShouldBe(second);
        (await billing.MoneyAsync(account)).ShouldBe((900, 500));
    }

    [Fact]
    public async Task Fifty_settlements_of_one_request_at_once_charge_once()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        var replica = await billing.ReplicaAsync();
        await billing.HoldAsync(request, account, model, output: 500);

        var settled = await Task.WhenAll(Enumerable.Range(0, 50).Select(index =>
            (index % 2 == 0 ? billing : replica).SettleAsync(request, model, output: 100 + index)));

        settled.Count(answer => answer.Value!.First).ShouldBe(1);
        settled.Select(answer => answer.Value!.Cost).Distinct().Count().ShouldBe(1);
        (await billing.CountAsync("select count(*) from billing.postings where request_id = $1 and kind = 'charge'", request)).ShouldBe(1);
        (await billing.MoneyAsync(account)).ShouldBe((1000 - settled[0].Value!.Cost.Value, 0));
        await billing.VerifyAsync();
        await replica.DisposeAsync();
    }

    [Fact]
    public async Task Fifty_holds_of_one_request_at_once_hold_once()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();

        var holds = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => billing.HoldAsync(request, account, model, output: 100)));

        holds.Select(answer => answer.Value).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        (await billing.MoneyAsync(account)).ShouldBe((1000, 100));
    }

    [Fact]
    public async Task What_neither_hold_nor_balance_covers_is_written_off_and_other_holds_are_not_touched()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 700);
        await billing.HoldAsync(request, account, model, output: 200);

        var settled = (await billing.SettleAsync(request, model, output: 450)).Value.ShouldNotBeNull();

        (settled.Cost.Value, settled.WrittenOff.Value, settled.Balance.Value).ShouldBe((450, 150, 700));
        (await billing.MoneyAsync(account)).ShouldBe((700, 700));
        (await EntriesAsync(request)).ShouldBe(
        [
            "write_off customer 150", "write_off platform -150", "charge customer -450", "charge revenue 450",
            "provider_cost platform -360", "provider_cost provider_cost 360",
        ]);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_cost_above_the_hold_but_within_the_balance_is_charged_whole()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 200);

        var settled = (await billing.SettleAsync(request, model, output: 1000)).Value.ShouldNotBeNull();

        (settled.Cost.Value, settled.WrittenOff.Value, settled.Balance.Value).ShouldBe((1000, 0, 0));
    }

    [Fact]
    public async Task A_change_of_price_or_markup_between_hold_and_settlement_does_not_change_the_bill()
    {
        var (account, request, later) = (billing.NewAccount(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 100);
        await billing.AnnounceAsync(model, new(8_000_000, 8_000_000, 8_000_000, 8_000_000));
        var dearer = await billing.ReplicaAsync(("Billing:MarkupPercent", "100"));
        await dearer.HoldAsync(later, account, model, output: 10);

        (await dearer.SettleAsync(request, model, output: 100)).Value.ShouldNotBeNull().Cost.ShouldBe(new NanoUsd(100));
        (await billing.SettleAsync(later, model, output: 10)).Value.ShouldNotBeNull().Cost.ShouldBe(new NanoUsd(160));
        (await billing.CountAsync("select count(distinct price_version) from billing.charges where account_id = $1", account)).ShouldBe(2);
        await dearer.DisposeAsync();
    }

    [Fact]
    public async Task Unknown_and_released_holds_refuse_and_leave_the_ledger_unchanged()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 100);
        await billing.ReleaseAsync(request);

        (await billing.SettleAsync(BillingSystem.NewRequest(), model, output: 1)).Refusal.ShouldNotBeNull()
            .Reason.ShouldBe(LedgerRefusalReason.UnknownHold);
        (await billing.SettleAsync(request, model, output: 1)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
    }

    [Fact]
    public async Task A_model_that_had_no_price_when_held_is_refused_and_the_hold_stays()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 100);
        var newcomer = await billing.NewModelAsync();

        var refusal = (await billing.SettleAsync(request, newcomer, output: 1)).Refusal.ShouldNotBeNull();

        (refusal.Reason, refusal.Model).ShouldBe((LedgerRefusalReason.PriceUnknown, newcomer));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 100));
    }

    [Fact]
    public async Task The_charge_keeps_what_the_call_was()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 100);

        await billing.Settlements.SettleAsync(
            new(request, model, "openai-1", "gpt-x", new(1, 2, 3, 4), 5, Estimated: true, billing.Time.GetUtcNow(), 120, 900, """[{"status": 200}]"""),
            CancellationToken.None);

        var charge = await billing.ReadAsync(async db => (await db.Charges.FindAsync(request)).ShouldNotBeNull());
        (charge.AccountId, charge.KeyId, charge.RequestedModel, charge.Provider, charge.Model, charge.Deployment)
            .ShouldBe((account, "key-1", "gpt-x", model.Provider, model.Model, "openai-1"));
        (charge.InputTokens, charge.CachedInputTokens, charge.CacheWriteTokens, charge.OutputTokens, charge.ReasoningTokens, charge.Estimated)
            .ShouldBe((1, 2, 3, 4, 5, true));
        (charge.Cost, charge.ProviderCost, charge.MarkupBasisPoints, charge.BalanceAfter).ShouldBe((10, 8, 2500, 990));
        (charge.StartedAt, charge.TimeToFirstTokenMs, charge.TotalMs, charge.Attempts)
            .ShouldBe((billing.Time.GetUtcNow(), 120, 900, """[{"status": 200}]"""));
        charge.PriceVersion.ShouldBeGreaterThan(0);
    }

    private async Task<string[]> EntriesAsync(string request)
    {
        await using var command = billing.Database.CreateCommand(
            """
            select p.kind || ' ' || e.book || ' ' || e.amount from billing.postings p join billing.entries e on e.posting_id = p.id
            where p.request_id = $1 order by p.id, e.book
            """);
        command.Parameters.AddWithValue(request);
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return [.. lines];
    }
}
