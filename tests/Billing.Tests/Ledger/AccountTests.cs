using LlmGateway.Billing.Ledger;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class AccountTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    [Fact]
    public async Task Asking_for_the_balance_opens_an_unseen_account_once()
    {
        var account = billing.NewAccount();

        var money = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => billing.MoneyAsync(account)));

        money.Distinct().ShouldHaveSingleItem().ShouldBe((1000, 0));
        (await billing.CountAsync("select count(*) from billing.postings where account_id = $1", account)).ShouldBe(1);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task An_account_opened_without_a_grant_has_a_posting_and_no_entries()
    {
        var stingy = await billing.ReplicaAsync(("Billing:DefaultBalance", "0"));
        var account = stingy.NewAccount();
        var model = await stingy.NewModelAsync();

        var refusal = (await stingy.HoldAsync(BillingSystem.NewRequest(), account, model, output: 1)).Refusal.ShouldNotBeNull();

        (refusal.Required.Value, refusal.Available.Value).ShouldBe((1, 0));
        await stingy.VerifyAsync();
        await stingy.DisposeAsync();
    }

    [Fact]
    public async Task Transactions_are_listed_newest_first_page_by_page_without_our_own_costs()
    {
        var account = billing.NewAccount();
        var model = await billing.NewModelAsync();
        for (var call = 1; call <= 3; call++)
        {
            var request = BillingSystem.NewRequest();
            await billing.HoldAsync(request, account, model, output: call * 100);
            await billing.SettleAsync(request, model, output: call * 100);
        }

        var (page, total) = await ListAsync(account, limit: 2, offset: 1);

        total.ShouldBe(4);
        page.Select(transaction => (transaction.Amount, transaction.Posting.BalanceAfter, transaction.Posting.Kind)).ShouldBe(
            [(-200, 700, "charge"), (-100, 900, "charge")]);
        page[0].Description.ShouldBe("Chat completion with the-model");
        page[0].Posting.RequestId.ShouldNotBeNull();

        var (last, _) = await ListAsync(account, limit: 100, offset: 3);
        last.ShouldHaveSingleItem().Description.ShouldBe("Opening balance");
        last[0].Amount.ShouldBe(1000);
        (await ListAsync(account, limit: 1, offset: 4)).Page.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_write_off_stands_below_its_charge_and_no_balance_on_the_way_is_negative()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 1000);
        await billing.SettleAsync(request, model, output: 1300);

        var (page, _) = await ListAsync(account, limit: 10, offset: 0);

        page.Select(transaction => (transaction.Amount, transaction.Posting.BalanceAfter, transaction.Posting.Kind)).ShouldBe(
            [(-1300, 0, "charge"), (300, 1300, "write_off"), (1000, 1000, "grant")]);
    }

    [Fact]
    public async Task An_account_sees_its_own_transactions_only_and_an_unseen_one_none()
    {
        var (one, other) = (billing.NewAccount(), billing.NewAccount());
        await billing.MoneyAsync(one);

        (await ListAsync(one, limit: 10, offset: 0)).Total.ShouldBe(1);
        (await ListAsync(other, limit: 10, offset: 0)).Total.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_counted_once_is_not_counted_again_and_the_total_is_exact()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        await billing.MoneyAsync(account);
        (await ListAsync(account, limit: 1, offset: 0)).Total.ShouldBe(1);

        await KindAsync("grant", "provider_cost");
        for (var calls = 1; calls <= 3; calls++)
        {
            var request = BillingSystem.NewRequest();
            await billing.HoldAsync(request, account, model, output: 10);
            await billing.SettleAsync(request, model, output: 10);
            (await ListAsync(account, limit: 1, offset: 0)).Total.ShouldBe(1 + calls);
        }

        await KindAsync("provider_cost", "grant");
        (await ListAsync(account, limit: 2, offset: 3)).Page.ShouldHaveSingleItem().Posting.Kind.ShouldBe("grant");

        async Task KindAsync(string kind, string other)
        {
            await using var command = billing.Database.CreateCommand(
                $"""
                begin; set local session_replication_role = replica;
                update billing.postings set kind = '{other}' where account_id = '{account}' and kind = '{kind}' and request_id is null; commit
                """);
            await command.ExecuteNonQueryAsync();
        }
    }

    private async Task<(IReadOnlyList<AccountTransaction> Page, long Total)> ListAsync(string account, int limit, long offset)
    {
        await using var scope = billing.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Accounts>().TransactionsAsync(account, limit, offset, CancellationToken.None);
    }
}
