using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>What a process remembers of its holds makes settlements cheaper, and changes none of their figures.</summary>
public sealed class HeldTermsTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private HeldTerms Terms => billing.Services.GetRequiredService<HeldTerms>();

    [Fact]
    public async Task A_call_is_priced_as_it_was_held_whether_its_terms_are_remembered_or_read()
    {
        var model = await billing.NewModelAsync();
        var (account, here, elsewhere) = (billing.NewAccount(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await using var replica = await billing.ReplicaAsync();
        await billing.HoldAsync(here, account, model, output: 100);
        await billing.HoldAsync(elsewhere, account, model, output: 100);
        await billing.AnnounceAsync(model, new(8_000_000, 8_000_000, 8_000_000, 8_000_000));
        Terms.Find(here).ShouldNotBeNull();

        var remembered = (await billing.SettleAsync(here, model, output: 10)).Value.ShouldNotBeNull();
        var read = (await replica.SettleAsync(elsewhere, model, output: 10)).Value.ShouldNotBeNull();

        (remembered.Cost.Value, remembered.ProviderCost.Value).ShouldBe((10, 8));
        (read.Cost, read.ProviderCost).ShouldBe((remembered.Cost, remembered.ProviderCost));
        Terms.Find(here).ShouldBeNull();
        (await billing.CountAsync("select count(distinct price_version) from billing.charges where account_id = $1", account)).ShouldBe(1);
    }

    /// <summary>A repeated hold is the first one, which another process may have made at other prices.</summary>
    [Fact]
    public async Task A_hold_that_was_made_elsewhere_is_not_remembered()
    {
        var (model, account, request) = (await billing.NewModelAsync(), billing.NewAccount(), BillingSystem.NewRequest());
        await using var replica = await billing.ReplicaAsync();
        await replica.HoldAsync(request, account, model, output: 100);
        await billing.AnnounceAsync(model, new(8_000_000, 8_000_000, 8_000_000, 8_000_000));
        billing.Time.Advance(TimeSpan.FromSeconds(1));

        await billing.HoldAsync(request, account, model, output: 100);

        Terms.Find(request).ShouldBeNull();
        (await billing.SettleAsync(request, model, output: 10)).Value.ShouldNotBeNull().Cost.Value.ShouldBe(10);
    }

    [Fact]
    public async Task What_the_database_lost_or_released_is_told_as_before()
    {
        var (model, account) = (await billing.NewModelAsync(), billing.NewAccount());
        var (lost, released, settled) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        foreach (var request in new[] { lost, released, settled })
        {
            await billing.HoldAsync(request, account, model, output: 100);
        }

        await billing.CountAsync(
            "with l as (delete from billing.holds where request_id = $1 returning amount) update billing.accounts a set held = a.held - l.amount from l where a.id = $2 returning 1",
            lost, account);
        await billing.ReleaseAsync(released);

        (await billing.SettleAsync(lost, model, output: 10)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.UnknownHold);
        (await billing.SettleAsync(released, model, output: 10)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        (await billing.SettleAsync(settled, model, output: 10)).Value.ShouldNotBeNull().Cost.Value.ShouldBe(10);
        await billing.VerifyAsync();
    }

    [Fact]
    public void What_is_remembered_is_bounded()
    {
        var terms = new HeldTerms(billing.Time);
        var term = new HeldTerm(PriceBook.Empty, 0, []);
        for (var index = 0; index < 150_000; index++)
        {
            terms.Remember($"{index}", term);
        }

        terms.Find("149999").ShouldBe(term);
        terms.Find("0").ShouldBeNull();
        billing.Time.Advance(TimeSpan.FromMinutes(11));
        terms.Remember("young", term);
        billing.Time.Advance(TimeSpan.FromMinutes(11));
        terms.Remember("younger", term);
        terms.Find("young").ShouldBe(term);
        terms.Find("149999").ShouldBeNull();
    }
}
