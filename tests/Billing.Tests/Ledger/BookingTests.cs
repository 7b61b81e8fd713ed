using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class BookingTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private readonly Bookkeeper _books = new(billing);

    [Fact]
    public async Task A_top_up_is_a_posting_with_who_and_why_and_opens_an_unseen_account()
    {
        var account = billing.NewAccount();

        var booked = (await _books.TopUpAsync(account, 500, note: "invoice 7")).Booked.ShouldNotBeNull();

        (booked.Kind, booked.AccountId, booked.Amount.Value, booked.BalanceAfter.Value, booked.Repeated).ShouldBe(("top_up", account, 500, 1500, false));
        (await billing.MoneyAsync(account)).ShouldBe((1500, 0));
        (await billing.CountAsync(
            """
            select count(*) from billing.bookings b join billing.postings p on p.id = b.posting_id
            where p.id = $1 and p.kind = 'top_up' and p.balance_after = 1500 and b.note = 'invoice 7'
                and b.actor = '{"account_id":"admin","key_id":"0f2d9f9e-5a35-4a0e-8d6c-6f3f7c1c9b11","masked_key":"sk-llmgw...","request_id":"req_1"}'
            """,
            booked.PostingId)).ShouldBe(1);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_hundred_repetitions_from_two_replicas_book_once_and_get_the_first_answer()
    {
        await using var replica = await billing.ReplicaAsync();
        var (account, key) = (billing.NewAccount(), $"key {Guid.NewGuid()}");
        Bookkeeper[] at = [_books, new(replica)];

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(index => at[index % 2].TopUpAsync(account, 500, key)));

        var first = answers.Select(answer => answer.Booked.ShouldNotBeNull()).Single(booked => !booked.Repeated);
        answers.Select(answer => answer.Booked! with { Repeated = false }).Distinct().ShouldHaveSingleItem().ShouldBe(first);
        (await billing.MoneyAsync(account)).ShouldBe((1500, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_key_that_is_used_again_for_anything_else_is_refused()
    {
        var (account, other, key) = (billing.NewAccount(), billing.NewAccount(), $"{Guid.NewGuid()}");
        var request = await ChargeAsync(other, tokens: 100);
        await _books.TopUpAsync(account, 500, key, note: "one");
        await _books.RefundAsync(request, 10, $"{key} refund");
        var before = await _books.DumpAsync();

        (await _books.TopUpAsync(account, 501, key, note: "one")).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.TopUpAsync(account, 500, key, note: "two")).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.TopUpAsync(account, 500, key)).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.TopUpAsync(other, 500, key, note: "one")).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.AdjustAsync(account, 500, key)).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.RefundAsync(request, 500, key)).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);
        (await _books.RefundAsync(request, amount: null, $"{key} refund")).Refusal!.Reason.ShouldBe(BookingRefusalReason.KeyReused);

        (await _books.DumpAsync()).ShouldBe(before);
        (await _books.TopUpAsync(account, 500, key, note: "one")).Booked!.Repeated.ShouldBeTrue();
    }

    [Fact]
    public async Task Of_two_accounts_that_come_at_once_with_one_key_one_is_booked()
    {
        string[] accounts = [.. Enumerable.Range(0, 20).Select(_ => billing.NewAccount())];
        var key = $"{Guid.NewGuid()}";

        var answers = await Task.WhenAll(accounts.Select(account => _books.TopUpAsync(account, 500, key)));

        answers.Count(answer => answer.Booked is { Repeated: false }).ShouldBe(1);
        answers.Count(answer => answer.Refusal is { Reason: BookingRefusalReason.KeyReused }).ShouldBe(19);
        (await Task.WhenAll(accounts.Select(billing.MoneyAsync))).Sum(money => money.Balance).ShouldBe((20 * 1000) + 500);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_refusal_is_not_remembered()
    {
        var (account, key) = (billing.NewAccount(), $"{Guid.NewGuid()}");

        (await _books.AdjustAsync(account, -1200, key)).Refusal.ShouldNotBeNull();
        await _books.TopUpAsync(account, 500);

        (await _books.AdjustAsync(account, -1200, key)).Booked!.BalanceAfter.Value.ShouldBe(300);
    }

    [Fact]
    public async Task A_call_is_given_back_in_parts_up_to_what_was_paid_for_it()
    {
        var account = billing.NewAccount();
        var request = await ChargeAsync(account, tokens: 100);

        var part = (await _books.RefundAsync(request, 30)).Booked.ShouldNotBeNull();
        var over = (await _books.RefundAsync(request, 71)).Refusal.ShouldNotBeNull();
        var rest = (await _books.RefundAsync(request)).Booked.ShouldNotBeNull();
        var none = (await _books.RefundAsync(request)).Refusal.ShouldNotBeNull();

        (part.Kind, part.AccountId, part.RequestId, part.Amount.Value, part.BalanceAfter.Value).ShouldBe(("refund", account, request, 30, 930));
        (over.Reason, over.Paid.Value, over.Refunded.Value).ShouldBe((BookingRefusalReason.ExceedsPaid, 100, 30));
        (rest.Amount.Value, rest.BalanceAfter.Value).ShouldBe((70, 1000));
        (none.Reason, none.Paid.Value, none.Refunded.Value).ShouldBe((BookingRefusalReason.NothingPaid, 100, 100));
        (await SumAsync(account, "revenue")).ShouldBe(0);
        (await SumAsync(account, "provider_cost")).ShouldBe(80, "what the provider was paid stays spent");
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_refund_counts_on_the_day_and_in_the_windows_of_its_call()
    {
        var (account, request, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        var today = DateOnly.FromDateTime(billing.Time.GetUtcNow().UtcDateTime);
        await billing.HoldAsync(request, account, model, output: 100, limits: new KeyLimits { MonthlyCost = new(100) });
        await billing.SettleAsync(request, model, output: 100);
        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 30, limits: new KeyLimits { MonthlyCost = new(100) })).Value.ShouldBeNull();

        await _books.RefundAsync(request, 30);

        (await billing.WindowAsync(account, "day", today)).ShouldBe(new WindowFigures(100, 0, 70, 0));
        (await billing.CountAsync("select cost from billing.usage_days where account_id = $1", account)).ShouldBe(70);
        (await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 30, limits: new KeyLimits { MonthlyCost = new(100) })).Value.ShouldNotBeNull();
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task An_overdraft_is_taken_by_adjustments_and_not_cut_below_what_is_owed()
    {
        var (account, request, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        (await _books.OverdraftAsync(account, 500)).ShouldBe(new OverdraftState(true, new(1000), NanoUsd.Zero));

        (await _books.AdjustAsync(account, -1501)).Refusal!.Available.Value.ShouldBe(1500);
        (await _books.AdjustAsync(account, -1200)).Booked!.BalanceAfter.Value.ShouldBe(-200);
        await billing.HoldAsync(request, account, model, output: 100);
        (await _books.OverdraftAsync(account, 299)).ShouldBe(new OverdraftState(false, new(-200), new(100)));
        (await _books.OverdraftAsync(account, 300)).Set.ShouldBeTrue();
        (await _books.OverdraftAsync(account, 300)).Set.ShouldBeTrue();
        (await _books.AdjustAsync(account, -1)).Refusal!.Available.Value.ShouldBe(0);
        await billing.ReleaseAsync(request);
        (await _books.TopUpAsync(account, 200)).Booked!.BalanceAfter.Value.ShouldBe(0);
        (await _books.OverdraftAsync(account, 0)).Set.ShouldBeTrue();

        (await billing.CountAsync(
            "select count(*) from billing.overdraft_changes where account_id = $1 and actor ->> 'account_id' = 'admin'", account)).ShouldBe(3);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Refunds_that_come_at_once_give_back_no_more_than_was_paid()
    {
        var account = billing.NewAccount();
        var request = await ChargeAsync(account, tokens: 100);

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => _books.RefundAsync(request, 30)));

        answers.Count(answer => answer.Booked is not null).ShouldBe(3);
        (await billing.MoneyAsync(account)).ShouldBe((990, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task What_was_written_off_is_not_given_back()
    {
        var (account, request, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        await billing.HoldAsync(request, account, model, output: 1000);
        await billing.SettleAsync(request, model, output: 1300);

        (await _books.RefundAsync(request, 1001)).Refusal!.Paid.Value.ShouldBe(1000);
        (await _books.RefundAsync(request)).Booked!.Amount.Value.ShouldBe(1000);

        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task There_is_nothing_to_refund_without_a_charge()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        string[] requests = [BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest()];
        foreach (var request in requests)
        {
            await billing.HoldAsync(request, account, model, output: 10);
        }

        await billing.ReleaseAsync(requests[1]);
        await billing.SettleAsync(requests[2], model, output: 0);
        var before = await _books.DumpAsync();

        (await _books.RefundAsync(BillingSystem.NewRequest())).Refusal!.Reason.ShouldBe(BookingRefusalReason.UnknownCall);
        (await RefusedAsync(requests[0])).ShouldBe((BookingRefusalReason.NotSettled, "open"));
        (await RefusedAsync(requests[1])).ShouldBe((BookingRefusalReason.NotSettled, "released"));
        (await RefusedAsync(requests[2])).ShouldBe((BookingRefusalReason.NothingPaid, null));
        (await _books.DumpAsync()).ShouldBe(before);

        async Task<(BookingRefusalReason, string?)> RefusedAsync(string request)
        {
            var refusal = (await _books.RefundAsync(request, 1)).Refusal!;
            return (refusal.Reason, refusal.State);
        }
    }

    [Fact]
    public async Task An_adjustment_takes_what_is_available_and_no_more()
    {
        var (account, held, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        await billing.HoldAsync(held, account, model, output: 400);
        var before = await _books.DumpAsync();

        var refusal = (await _books.AdjustAsync(account, -601)).Refusal.ShouldNotBeNull();

        (refusal.Reason, refusal.Balance.Value, refusal.Held.Value, refusal.Available.Value)
            .ShouldBe((BookingRefusalReason.InsufficientBalance, 1000, 400, 600));
        (await _books.DumpAsync()).ShouldBe(before);
        (await _books.AdjustAsync(account, -600)).Booked!.BalanceAfter.Value.ShouldBe(400);
        (await _books.AdjustAsync(account, 50)).Booked!.BalanceAfter.Value.ShouldBe(450);
        (await billing.SettleAsync(held, model, output: 400)).Value!.WrittenOff.ShouldBe(NanoUsd.Zero);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_balance_never_grows_beyond_its_bound()
    {
        var account = billing.NewAccount();
        for (var booked = 0; booked < 7; booked++)
        {
            await _books.TopUpAsync(account, WantedBooking.HighestAmount);
        }

        var before = await _books.DumpAsync();
        (await _books.TopUpAsync(account, WantedBooking.HighestAmount - 999)).Refusal!.Reason.ShouldBe(BookingRefusalReason.BalanceTooLarge);
        (await _books.DumpAsync()).ShouldBe(before);
        (await _books.TopUpAsync(account, WantedBooking.HighestAmount - 1000)).Booked!.BalanceAfter.Value.ShouldBe(WantedBooking.HighestBalance);
        (await _books.AdjustAsync(account, 1)).Refusal!.Reason.ShouldBe(BookingRefusalReason.BalanceTooLarge);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task The_highest_balance_and_the_highest_overdraft_together_can_be_held_adjusted_and_settled()
    {
        var (account, request, model) = (billing.NewAccount(), BillingSystem.NewRequest(), await billing.NewModelAsync());
        for (var booked = 0; booked < 8; booked++)
        {
            await _books.TopUpAsync(account, WantedBooking.HighestAmount - (booked == 7 ? 1000 : 0));
        }

        (await _books.OverdraftAsync(account, Overdrafts.Highest)).Set.ShouldBeTrue();
        (await billing.HoldAsync(request, account, model, output: 100)).Value.ShouldNotBeNull();
        (await billing.SettleAsync(request, model, output: 100)).Value.ShouldNotBeNull();
        (await _books.AdjustAsync(account, -400)).Booked!.BalanceAfter.Value.ShouldBe(WantedBooking.HighestBalance - 500);
        (await _books.RefundAsync(request)).Booked!.BalanceAfter.Value.ShouldBe(WantedBooking.HighestBalance - 400);
        (await _books.AdjustAsync(account, 401)).Refusal!.Reason.ShouldBe(BookingRefusalReason.BalanceTooLarge);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task The_table_itself_keeps_every_balance_within_its_bound()
    {
        var account = billing.NewAccount();
        await _books.TopUpAsync(account, 1);

        (await Should.ThrowAsync<Npgsql.PostgresException>(() => billing.CountAsync(
            "with raised as (update billing.accounts set balance = 8000000000000000001 where id = $1 returning 1) select count(*) from raised", account)))
            .ConstraintName.ShouldBe("CK_accounts_highest");
    }

    private async Task<string> ChargeAsync(string account, long tokens)
    {
        var (request, model) = (BillingSystem.NewRequest(), await billing.NewModelAsync());
        (await billing.HoldAsync(request, account, model, output: tokens)).Value.ShouldNotBeNull();
        (await billing.SettleAsync(request, model, output: tokens)).Value.ShouldNotBeNull();
        return request;
    }

    private Task<long> SumAsync(string account, string book) =>
        billing.CountAsync("select coalesce(sum(amount), 0) from billing.entries where account_id = $1 and book = $2", account, book);
}
