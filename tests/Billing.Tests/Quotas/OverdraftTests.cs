using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Quotas;

/// <summary>An account with an overdraft holds estimates, and may owe as much as that. It begins with 1,000 nano-dollars.</summary>
public sealed class OverdraftTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task A_hold_covers_an_estimate_and_says_so_and_the_call_may_exceed_it()
    {
        var (account, model) = (await OverdraftAsync(500), await billing.NewModelAsync());
        var request = BillingSystem.NewRequest();

        var hold = (await billing.HoldAsync(request, account, model, output: 100_000, prompt: 10)).Value.ShouldNotBeNull();
        var settled = (await billing.SettleAsync(request, model, output: 1200)).Value.ShouldNotBeNull();

        (hold.Amount, hold.OutputTokens, hold.Bounded).ShouldBe((new NanoUsd(10 + 1024), 100_000, false));
        (settled.Balance, settled.WrittenOff).ShouldBe((new NanoUsd(-200), NanoUsd.Zero));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_repeated_hold_says_the_same()
    {
        var (account, model) = (await OverdraftAsync(500), await billing.NewModelAsync());
        var request = BillingSystem.NewRequest();

        var first = await billing.HoldAsync(request, account, model, output: 100_000);

        (await billing.HoldAsync(request, account, model, output: 100_000)).Value.ShouldNotBeNull().ShouldBe(first.Value);
    }

    [Fact]
    public async Task What_is_beyond_the_overdraft_is_written_off()
    {
        var (account, model) = (await OverdraftAsync(500), await billing.NewModelAsync());
        var (one, other) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await billing.HoldAsync(one, account, model, output: 1000);
        await billing.HoldAsync(other, account, model, output: 100);

        // What the other call holds is not this one's to take.
        var settled = (await billing.SettleAsync(one, model, output: 2000)).Value.ShouldNotBeNull();

        (settled.Balance, settled.WrittenOff).ShouldBe((new NanoUsd(-400), new NanoUsd(600)));
        (await billing.MoneyAsync(account)).ShouldBe((-400, 100));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_call_whose_estimate_the_overdraft_does_not_cover_is_refused_with_the_figures()
    {
        var (account, model) = (await OverdraftAsync(10), await billing.NewModelAsync());

        var refusal = (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 5000, min: 1)).Refusal.ShouldNotBeNull();

        (refusal.Reason, refusal.Required, refusal.Available).ShouldBe(
            (LedgerRefusalReason.InsufficientBalance, new NanoUsd(1024), new NanoUsd(1010)));
        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
    }

    private async Task<string> OverdraftAsync(long overdraft)
    {
        var account = billing.NewAccount();
        await billing.MoneyAsync(account);
        await using var command = billing.Database.CreateCommand("update billing.accounts set overdraft = $2 where id = $1");
        command.Parameters.AddOne(account);
        command.Parameters.AddOne(overdraft);
        await command.ExecuteNonQueryAsync();
        return account;
    }
}
