using System.Globalization;
using LlmGateway.Billing.Ledger;
using Npgsql;
using Xunit.Abstractions;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>A ledger of a million calls, written by hand as the functions would have.</summary>
[Trait("Category", "Long")]
public sealed class LargeLedgerTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Calls = 1_000_000;

    private readonly BillingSystem _billing = new();

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task A_million_calls_are_verified_in_minutes_while_holds_and_settlements_go_on()
    {
        await FillAsync();
        var (account, model) = (_billing.NewAccount(), await _billing.NewModelAsync());

        var verifying = _billing.Verifier.VerifyAsync(CancellationToken.None);
        var settled = 0;
        for (; !verifying.IsCompleted && settled < 500; settled++)
        {
            var request = BillingSystem.NewRequest();
            await _billing.HoldAsync(request, account, model, output: 1);
            (await _billing.SettleAsync(request, model, output: 1)).Value.ShouldNotBeNull();
        }

        var verified = await verifying;

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"verified in {verified.Duration.TotalSeconds:0.0} s, beside {settled} calls"));
        verified.Differences.ShouldBeEmpty();
        verified.Checks.Single(check => check.Name == "charge").Examined.ShouldBeGreaterThanOrEqualTo(Calls);
        settled.ShouldBeGreaterThan(1);
    }

    // 100 accounts, each with the same number of calls at 3 nano-dollars; a grant makes the balances what they are.
    private async Task FillAsync()
    {
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            $"""
            insert into billing.accounts (id, balance, held, opened_at) select 'large-' || n, 7, 0, now() from generate_series(0, 99) n;
            insert into billing.postings (id, kind, account_id, balance_after, created_at) overriding system value
                select -9000000 - n, 'grant', 'large-' || n, 3 * {Calls / 100} + 7, now() from generate_series(0, 99) n;
            insert into billing.entries select -9000000 - n, b, 'large-' || n, s * (3 * {Calls / 100} + 7)
                from generate_series(0, 99) n cross join (values ('customer', 1), ('platform', -1)) v (b, s);
            insert into billing.holds (request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, markup_basis_points,
                    state, created_at, expires_at, closed_at)
                select 'req_' || n, 'large-' || n % 100, 'k', 3, 0, 3, 1, '[]', 0, 'settled', now(), now(), now() from generate_series(1, {Calls}) n;
            insert into billing.charges (request_id, account_id, key_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
                    cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost,
                    markup_basis_points, price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, created_at, ending,
                    free, wasted_price, wasted_cost)
                select 'req_' || n, 'large-' || n % 100, 'k', 'm', 'p', 'm', 'd', 0, 0, 0, 0, 3, 0, false, 3, 0, 2, 0, 1, 0, now(), 0, 0, '[]', now(),
                    'whole', false, 0, 0
                from generate_series(1, {Calls}) n;
            insert into billing.postings (id, kind, account_id, request_id, balance_after, created_at) overriding system value
                select -8000000 + n * 2 + k, case k when 0 then 'charge' else 'provider_cost' end, 'large-' || n % 100, 'req_' || n,
                    7 + 3 * ({Calls / 100} - (n + 99) / 100), now()
                from generate_series(1, {Calls}) n cross join (values (0), (1)) v (k);
            insert into billing.entries
                select -8000000 + n * 2 + k, b, 'large-' || n % 100, a from generate_series(1, {Calls}) n
                cross join (values (0, 'customer', -3), (0, 'revenue', 3), (1, 'platform', -2), (1, 'provider_cost', 2)) v (k, b, a);
            insert into billing.usage_days
                select c.account_id, 'k', (now() at time zone 'utc')::date, 'm', 'p', count(*), 0, 0, 0, 3 * count(*), 0, 3 * count(*), 0, 2 * count(*)
                from billing.charges c group by c.account_id;
            analyze;
            """,
            connection);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
