using LlmGateway.Billing.Ledger;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class ExpiryTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private static readonly TimeSpan HoldMinutes = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task A_released_hold_gives_its_money_back_once_and_its_request_id_is_spent()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 400);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => billing.ReleaseAsync(request)));

        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
        (await billing.HoldAsync(request, account, model, output: 400)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        (await RenewAsync(request)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Releasing_what_is_not_held_does_nothing()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 400);
        await billing.SettleAsync(request, model, output: 100);

        await billing.ReleaseAsync(request);
        await billing.ReleaseAsync(BillingSystem.NewRequest());

        (await billing.MoneyAsync(account)).ShouldBe((900, 0));
    }

    [Fact]
    public async Task A_hold_that_nobody_renews_is_gone_ten_minutes_later_the_sweep_included()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 400);

        billing.Time.Advance(HoldMinutes - TimeSpan.FromSeconds(16));
        await billing.SweepAsync();
        (await billing.MoneyAsync(account)).ShouldBe((1000, 400));

        billing.Time.Advance(TimeSpan.FromSeconds(1));
        await billing.SweepAsync();
        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
        (await billing.HoldAsync(request, account, model, output: 400)).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.ClosedHold);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_renewed_hold_outlives_its_first_expiry()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        var held = (await billing.HoldAsync(request, account, model, output: 400)).Value.ShouldNotBeNull();
        billing.Time.Advance(TimeSpan.FromMinutes(5));

        var (expiresAt, _) = await RenewAsync(request);

        expiresAt.ShouldBe(held.ExpiresAt + TimeSpan.FromMinutes(5));
        billing.Time.Advance(TimeSpan.FromMinutes(9));
        await billing.SweepAsync();
        (await billing.MoneyAsync(account)).ShouldBe((1000, 400));
    }

    [Fact]
    public async Task Renewing_what_was_never_held_is_refused() =>
        (await RenewAsync(BillingSystem.NewRequest())).Refusal.ShouldNotBeNull().Reason.ShouldBe(LedgerRefusalReason.UnknownHold);

    [Fact]
    public async Task An_expired_hold_still_settles_from_what_is_available()
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(request, account, model, output: 400);
        billing.Time.Advance(HoldMinutes);
        await billing.SweepAsync();
        await billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 900);

        var settled = (await billing.SettleAsync(request, model, output: 400)).Value.ShouldNotBeNull();

        (settled.Cost.Value, settled.WrittenOff.Value, settled.Balance.Value).ShouldBe((400, 300, 900));
        (await billing.MoneyAsync(account)).ShouldBe((900, 900));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Replicas_that_sweep_settle_and_release_at_once_free_every_hold_once()
    {
        var model = await billing.NewModelAsync();
        var replica = await billing.ReplicaAsync();
        var accounts = Enumerable.Range(0, 8).Select(_ => billing.NewAccount()).ToArray();
        var requests = Enumerable.Range(0, 320).Select(_ => BillingSystem.NewRequest()).ToArray();
        await Task.WhenAll(requests.Select((request, index) => billing.HoldAsync(request, accounts[index % 8], model, output: 20)));
        billing.Time.Advance(HoldMinutes);
        replica.Time.Advance(HoldMinutes);

        await Task.WhenAll(
            Task.WhenAll(requests.Where((_, index) => index % 3 == 0).Select(request => replica.SettleAsync(request, model, output: 20))),
            Task.WhenAll(requests.Where((_, index) => index % 3 == 1).Select(billing.ReleaseAsync)),
            billing.SweepAsync(),
            replica.SweepAsync(),
            billing.SweepAsync());

        var money = await Task.WhenAll(accounts.Select(billing.MoneyAsync));
        money.ShouldAllBe(account => account.Held == 0);
        money.Sum(account => 1000 - account.Balance).ShouldBe(20 * requests.Where((_, index) => index % 3 == 0).Count());
        await billing.VerifyAsync();
        await replica.DisposeAsync();
    }

    [Fact]
    public async Task A_hold_that_is_renewed_while_the_sweep_waits_for_its_account_is_not_expired()
    {
        var (account, renewed, lost) = (billing.NewAccount(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        var model = await billing.NewModelAsync();
        await billing.HoldAsync(renewed, account, model, output: 300);
        await billing.HoldAsync(lost, account, model, output: 400);
        billing.Time.Advance(HoldMinutes);
        await using var connection = await billing.Database.OpenConnectionAsync();
        await using var busy = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("select from billing.accounts where id = $1 for update", connection))
        {
            command.Parameters.AddWithValue(account);
            await command.ExecuteNonQueryAsync();
        }

        var sweep = billing.SweepAsync();
        await billing.UntilWaitingAsync(sessions: 1);
        (await RenewAsync(renewed)).Refusal.ShouldBeNull();
        await busy.CommitAsync();

        (await sweep).ShouldBe(1);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 300));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_hold_that_cannot_be_closed_does_not_keep_the_others_and_is_closed_once_it_can_be()
    {
        var model = await billing.NewModelAsync();
        var (broken, bad) = (billing.NewAccount(), BillingSystem.NewRequest());
        await billing.HoldAsync(bad, broken, model, output: 500, limits: new() { DailyCost = new(1000) });
        var accounts = Enumerable.Range(0, 7).Select(_ => billing.NewAccount()).ToArray();
        await Task.WhenAll(accounts.Select(account => billing.HoldAsync(BillingSystem.NewRequest(), account, model, output: 400)));
        await CountHeldAsync(broken, 0);
        billing.Time.Advance(HoldMinutes);

        (await billing.SweepAsync()).ShouldBeGreaterThanOrEqualTo(7);

        (await Task.WhenAll(accounts.Select(billing.MoneyAsync))).ShouldAllBe(account => account.Held == 0);
        (await billing.MoneyAsync(broken)).ShouldBe((1000, 500));
        await CountHeldAsync(broken, 500);
        await billing.SweepAsync();
        (await billing.MoneyAsync(broken)).ShouldBe((1000, 0));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_hold_that_is_made_while_its_release_waits_for_other_accounts_is_not_closed_without_its_own_accounts_lock()
    {
        var model = await billing.NewModelAsync();
        var (known, late) = (BillingSystem.NewRequest(), BillingSystem.NewRequest());
        var (account, other) = (billing.NewAccount(), billing.NewAccount());
        await billing.HoldAsync(known, account, model, output: 300);
        await using var connection = await billing.Database.OpenConnectionAsync();
        await using var busy = await connection.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("select from billing.accounts where id = $1 for update", connection))
        {
            command.Parameters.AddWithValue(account);
            await command.ExecuteNonQueryAsync();
        }

        await using var releasing = await billing.Database.OpenConnectionAsync();
        var release = ReleaseStatement.ExecuteAsync(
            releasing, [new(known, "[]", null), new(late, "[]", null)], billing.Time.GetUtcNow(), CancellationToken.None);
        await billing.UntilWaitingAsync(sessions: 1);
        await billing.HoldAsync(late, other, model, output: 400);
        await busy.CommitAsync();

        (await release).ShouldBe(1);
        (await billing.MoneyAsync(account)).ShouldBe((1000, 0));
        (await billing.MoneyAsync(other)).ShouldBe((1000, 400));
    }

    private Task<long> CountHeldAsync(string account, long cost) => billing.CountAsync(
        "with w as (update billing.key_windows set held_cost = $2 where account_id = $1 returning 1) select count(*) from w", account, cost);

    private Task<(DateTimeOffset ExpiresAt, LedgerRefusal? Refusal)> RenewAsync(string request) =>
        billing.Holds.RenewAsync(request, CancellationToken.None);
}
