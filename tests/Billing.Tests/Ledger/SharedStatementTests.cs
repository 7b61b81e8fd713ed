using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>The statements take many calls at once: the answers are those of one after the other.</summary>
public sealed class SharedStatementTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private static readonly BillingOptions Options = new() { DefaultBalance = 0.000001m };

    [Fact]
    public async Task Holds_that_share_a_statement_are_decided_in_order_each_on_what_the_earlier_ones_left()
    {
        var (one, other) = (billing.NewAccount(), billing.NewAccount());
        var repeated = BillingSystem.NewRequest();

        var rows = await HoldAsync(
            Line(repeated, one, 600), Line(BillingSystem.NewRequest(), other, 1000), Line(BillingSystem.NewRequest(), one, 500),
            Line(repeated, one, 600), Line(BillingSystem.NewRequest(), one, 400), Line(repeated, other, 0));

        rows.Select(row => row.Outcome).ShouldBe(
        [
            HoldOutcome.Held, HoldOutcome.Held, HoldOutcome.Insufficient, HoldOutcome.Held, HoldOutcome.Held, HoldOutcome.Foreign,
        ]);
        (rows[2].Balance.Value, rows[2].Held.Value).ShouldBe((1000, 600));
        (await billing.MoneyAsync(one), await billing.MoneyAsync(other)).ShouldBe(((1000, 1000), (1000, 1000)));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Settlements_that_share_a_statement_charge_each_request_once()
    {
        var (one, other) = (billing.NewAccount(), billing.NewAccount());
        var (first, second, third) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        await HoldAsync(Line(first, one, 500), Line(second, one, 500), Line(third, other, 10));

        await using var connection = await billing.Database.OpenConnectionAsync();
        var settled = await SettleStatement.ExecuteAsync(
            connection,
            [Used(first, 700), Used(third, 10), Used(first, 1), Used(BillingSystem.NewRequest(), 1), Used(second, 100)],
            billing.Time.GetUtcNow(), CancellationToken.None);

        // 700 against a hold of 500 and a balance whose rest is held for the second.
        settled[0].ShouldBe(new SettledCall(new(700), NanoUsd.Zero, new(500), new(200), First: true));
        settled[1].ShouldNotBeNull().Balance.ShouldBe(new NanoUsd(990));
        settled[2].ShouldBe(settled[0]! with { First = false });
        settled[3].ShouldBeNull();
        settled[4].ShouldNotBeNull().Balance.ShouldBe(new NanoUsd(400));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Statements_over_the_same_accounts_in_opposite_orders_do_not_lock_each_other_out()
    {
        var accounts = Enumerable.Range(0, 12).Select(_ => billing.NewAccount()).ToArray();

        var rows = await Task.WhenAll(Enumerable.Range(0, 40).Select(index =>
        {
            var order = index % 2 == 0 ? accounts : [.. accounts.Reverse()];
            return HoldAsync([.. order.Select(account => Line(BillingSystem.NewRequest(), account, 25))]);
        }));

        rows.ShouldAllBe(batch => batch.All(row => row.Outcome == HoldOutcome.Held));
        (await Task.WhenAll(accounts.Select(billing.MoneyAsync))).Distinct().ShouldHaveSingleItem().ShouldBe((1000, 1000));
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task Statements_that_name_the_same_request_ids_for_other_accounts_do_not_lock_each_other_out()
    {
        var requests = Enumerable.Range(0, 8).Select(_ => BillingSystem.NewRequest()).ToArray();

        var rows = await Task.WhenAll(Enumerable.Range(0, 30).Select(index =>
        {
            var account = billing.NewAccount();
            var order = index % 2 == 0 ? requests : [.. requests.Reverse()];
            return HoldAsync([.. order.Select(request => Line(request, account, 100)), Line(BillingSystem.NewRequest(), account, 200)]);
        }));

        // Each request id is one account's, and whoever did not get it holds nothing for it.
        rows.SelectMany(batch => batch[..8]).Count(row => row.Outcome == HoldOutcome.Held).ShouldBe(8);
        rows.SelectMany(batch => batch[..8]).Count(row => row.Outcome == HoldOutcome.Foreign).ShouldBe(29 * 8);
        rows.ShouldAllBe(batch => batch[8].Outcome == HoldOutcome.Held);
        await billing.VerifyAsync();
    }

    [Fact]
    public async Task A_line_that_the_database_cannot_take_fails_alone()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var requests = Enumerable.Range(0, 40).Select(_ => BillingSystem.NewRequest()).ToArray();
        await Task.WhenAll(requests.Select(request => billing.HoldAsync(request, account, model, output: 10)));

        var settling = requests.Select((request, index) => billing.Settlements.SettleAsync(
            new(request, model, "d", "m", new(0, 0, 0, 10), 0, Estimated: false, billing.Time.GetUtcNow(), 0, 0, index == 20 ? "{" : "[]"),
            CancellationToken.None)).ToArray();

        (await Should.ThrowAsync<PostgresException>(() => settling[20])).SqlState.ShouldBe(PostgresErrorCodes.InvalidTextRepresentation);
        (await Task.WhenAll(settling.Where((_, index) => index != 20))).ShouldAllBe(answer => answer.Value!.Cost == new NanoUsd(10));
        (await billing.MoneyAsync(account)).ShouldBe((1000 - 390, 10));
        await billing.VerifyAsync();
    }

    /// <summary>The driver's automatic preparing left a statement that failed meanwhile broken: its connection's next use of it failed too.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_statement_that_failed_works_on_the_same_connection_again(int uses)
    {
        var (account, request) = (billing.NewAccount(), BillingSystem.NewRequest());
        await HoldAsync(Line(request, account, 10));
        await using var replica = await billing.ReplicaAsync(("Billing:Connections", "1"));
        for (var use = 0; use < uses; use++)
        {
            (await SettleAsync(replica, BillingSystem.NewRequest(), attempts: "[]")).ShouldBeNull();
        }

        await Should.ThrowAsync<PostgresException>(() => SettleAsync(replica, request, attempts: "{"));

        (await SettleAsync(replica, request, attempts: "[]")).ShouldNotBeNull().Cost.Value.ShouldBe(1);
    }

    private static async Task<SettledCall?> SettleAsync(BillingSystem system, string request, string attempts)
    {
        await using var connection = await system.Database.OpenConnectionAsync();
        var now = system.Time.GetUtcNow();
        var line = new SettleLine(
            new(request, new("p", "m"), "d", "m", new(0, 0, 0, 0), 0, Estimated: false, now, 0, 0, attempts), new(1), 0);
        return (await SettleStatement.ExecuteAsync(connection, [line], now, CancellationToken.None))[0];
    }

    private async Task<HoldRow[]> HoldAsync(params HoldLine[] lines)
    {
        await using var connection = await billing.Database.OpenConnectionAsync();
        return await HoldStatement.ExecuteAsync(connection, lines, Options, billing.Time.GetUtcNow(), CancellationToken.None);
    }

    private static HoldLine Line(string request, string account, long amount) => new(request, account, null, new(amount), 1, 1, 0, "[]");

    private SettleLine Used(string request, long cost) => new(
        new(request, new("p", "m"), "d", "m", new(0, 0, 0, 0), 0, Estimated: false, billing.Time.GetUtcNow(), 0, 0, "[]"),
        new(cost), 0);
}
