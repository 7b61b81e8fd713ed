using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class ExtendTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task An_open_hold_grows_to_the_bound_and_its_expiry_stays()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        var hold = (await billing.HoldAsync(request, account, model, output: 300, prompt: 100)).Value.ShouldNotBeNull();

        var grown = (await billing.ExtendAsync(request, output: 700)).Value.ShouldNotBeNull();

        grown.ShouldBe(new GrantedHold(new NanoUsd(800), 700, hold.ExpiresAt));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 800));
        (await billing.SettleAsync(request, model, output: 650, input: 90)).Value.ShouldNotBeNull().WrittenOff.ShouldBe(NanoUsd.Zero);
        (await billing.MoneyAsync(account)).ShouldBe((260, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_repeated_or_smaller_bound_changes_nothing()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        await billing.HoldAsync(request, account, await billing.NewModelAsync(), output: 100);

        var grown = (await billing.ExtendAsync(request, output: 600)).Value.ShouldNotBeNull();
        var repeated = await billing.ExtendAsync(request, output: 600);
        var smaller = await billing.ExtendAsync(request, output: 50);
        var none = await billing.ExtendAsync(request, output: 0);

        new[] { repeated, smaller, none }.ShouldAllBe(answer => answer.Value == grown);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 600));
    }

    [Fact]
    public async Task A_longer_prompt_is_held_for_beside_the_output_and_counts_against_the_keys_tokens()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var limits = new KeyLimits { TotalTokens = 600 };
        await billing.HoldAsync(request, account, await billing.NewModelAsync(), output: 300, prompt: 100, limits: limits);

        (await billing.ExtendAsync(request, output: 0, prompt: 150)).Value.ShouldNotBeNull().ShouldSatisfyAllConditions(
            grown => grown.Amount.ShouldBe(new NanoUsd(450)), grown => grown.OutputTokens.ShouldBe(300));
        (await billing.ExtendAsync(request, output: 350, prompt: 40)).Value.ShouldNotBeNull().Amount.ShouldBe(new NanoUsd(500));
        (await billing.WindowAsync(account, "total", new(1970, 1, 1))).ShouldNotBeNull().HeldTokens.ShouldBe(500);
        (await billing.ExtendAsync(request, output: 0, prompt: 251)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.LimitReached);
        (await billing.ExtendAsync(request, output: 0, prompt: 250)).Value.ShouldNotBeNull().Amount.ShouldBe(new NanoUsd(600));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 600));
        await billing.ReleaseAsync(request);
        (await billing.WindowAsync(account, "total", new(1970, 1, 1))).ShouldNotBeNull().HeldTokens.ShouldBe(0);
        await billing.VerifyAsync();
    }

    /// <summary>Priced before the other's lock was free, and so for a bound that is no longer the hold's.</summary>
    [Fact]
    public async Task A_longer_prompt_and_a_longer_output_at_once_are_both_held_for() => await Parallel.ForAsync(0, 30, async (_, _) =>
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        await billing.HoldAsync(request, account, await billing.NewModelAsync(), output: 100, prompt: 100);

        var grown = await Task.WhenAll(billing.ExtendAsync(request, output: 400), billing.ExtendAsync(request, output: 0, prompt: 300));

        grown.ShouldAllBe(answer => answer.Value != null);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 700));
    });

    [Fact]
    public async Task A_refused_bound_leaves_all_as_it_was_and_is_told_with_its_figures()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        var hold = await billing.HoldAsync(request, account, model, output: 300, prompt: 100);
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 200);

        var refusal = (await billing.ExtendAsync(request, output: 701)).Refusal.ShouldNotBeNull();

        refusal.Reason.ShouldBe(LedgerRefusalReason.InsufficientBalance);
        (refusal.Required.Value, refusal.Available.Value, refusal.Balance.Value, refusal.Held.Value).ShouldBe((401, 400, 1000, 600));
        (await billing.ExtendAsync(request, output: 300)).Value.ShouldBe(hold.Value! with { PricedBy = null });
        (await billing.MoneyAsync(account)).ShouldBe((1000, 600));
        (await billing.ExtendAsync(request, output: 700)).Value.ShouldNotBeNull();
        (await billing.MoneyAsync(account)).ShouldBe((1000, 1000));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_hold_that_is_closed_or_unknown_does_not_grow()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var (settled, released, expired) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        foreach (var request in new[] { settled, released, expired })
        {
            await billing.HoldAsync(request, account, model, output: 10);
        }

        await billing.SettleAsync(settled, model, output: 10);
        await billing.ReleaseAsync(released);
        billing.Time.Advance(TimeSpan.FromMinutes(11));
        await billing.SweepAsync();

        foreach (var request in new[] { settled, released, expired })
        {
            (await billing.ExtendAsync(request, output: 20)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        }

        (await billing.ExtendAsync(BillingSystem.NewRequest(), output: 20)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.UnknownHold);
        (await billing.MoneyAsync(account)).ShouldBe((990, 0));
    }

    [Fact]
    public async Task It_grows_by_the_dearest_of_its_candidates_at_the_prices_it_was_held_by()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var cheapOutput = await billing.NewModelAsync(new(800_000, 80_000, 1_600_000, 80_000));
        var cheapInput = await billing.NewModelAsync(new(80_000, 80_000, 80_000, 4_000_000));
        await billing.Holds.HoldAsync(new(request, account, null, [cheapOutput, cheapInput], 100, 10, 10), CancellationToken.None);
        (await billing.MoneyAsync(account)).Held.ShouldBe(201);
        await billing.AnnounceAsync(cheapInput, new(80_000_000, 80_000_000, 80_000_000, 4_000_000_000));

        // At 10 tokens the first one was the dearest; at 100 it is the second, at its earlier price.
        (await billing.ExtendAsync(request, output: 100)).Value.ShouldNotBeNull().Amount.ShouldBe(new NanoUsd(510));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 510));
    }

    [Fact]
    public async Task Two_hundred_parallel_extensions_take_all_there_is_and_no_more()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var replica = await billing.ReplicaAsync();
        var requests = Enumerable.Range(0, 20).Select(_ => BillingSystem.NewRequest()).ToArray();
        foreach (var request in requests)
        {
            (await billing.HoldAsync(request, account, model, output: 7)).Value.ShouldNotBeNull();
        }

        // Ten for each hold, five of them the same: 20 holds of 207 want 4,140 of the 1,000 there are.
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(index =>
            (index % 2 == 0 ? billing : replica).ExtendAsync(requests[index % 20], output: index / 20 % 2 == 0 ? 207 : 57)));

        answers.Where(answer => answer.Refusal is not null).ShouldAllBe(answer =>
            answer.Refusal!.Reason == LedgerRefusalReason.InsufficientBalance && answer.Refusal.Required > answer.Refusal.Available
            && answer.Refusal.Balance == new NanoUsd(1000) && answer.Refusal.Held <= answer.Refusal.Balance);
        var (_, held) = await billing.MoneyAsync(account);

        // What is left would not cover the least of the steps: 50 more for one of those that are still at 7.
        held.ShouldBeInRange(951, 1000);
        await billing.VerifyAsync();
        await replica.DisposeAsync();
    }
}
