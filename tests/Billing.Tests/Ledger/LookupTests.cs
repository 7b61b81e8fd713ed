using System.Data.Common;
using LlmGateway.Billing.Ledger;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>What is looked up by clients stays fast among many: the plans of the very queries, in a database of this class's own.</summary>
public sealed class LookupTests : IAsyncLifetime
{
    private readonly BillingSystem _billing = new();

    public async Task InitializeAsync()
    {
        await _billing.InitializeAsync();
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(
            """
            insert into billing.postings (id, kind, account_id, request_id, balance_after, created_at) overriding system value
                select n, 'charge', 'account-' || n % 300, 'req_' || n, 0, now() from generate_series(1, 60000) n;
            insert into billing.entries select n, b, 'account-' || n % 300, 1 from generate_series(1, 60000) n cross join (values ('customer'), ('revenue')) v (b);
            insert into billing.holds (request_id, account_id, amount, prompt_tokens, output_tokens, price_book, candidates, markup_basis_points, state,
                    created_at, expires_at, closed_at)
                select 'req_' || n, 'a', 1, 0, 0, 0, '[]', 0, 'settled', now(), now(), now() from generate_series(1, 20000) n;
            insert into billing.charges (request_id, account_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
                    cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost,
                    markup_basis_points, price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, created_at, ending,
                    free, wasted_price, wasted_cost)
                select 'req_' || n, 'a', 'm', 'p', 'm', 'd', 0, 0, 0, 0, 0, 0, false, 0, 0, 0, 0, 1, 0, now(), 0, 0, '[]', now(), 'whole', false, 0, 0
                from generate_series(1, 20000) n;
            insert into billing.reratings (request_id, account_id, price_version, cost, provider_cost, written_off, amount, created_at)
                select 'req_' || n, 'a', 1, 0, 0, 0, 0, now() from generate_series(1, 20000) n;
            insert into billing.bookings select n, 'req_' || n, null, 1, 'key ' || n, null, '{}' from generate_series(1, 20000) n;
            analyze billing.postings, billing.entries, billing.holds, billing.charges, billing.reratings, billing.bookings;
            """,
            connection);
        await command.ExecuteNonQueryAsync();
    }

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task A_page_by_cursor_and_a_call_are_found_by_their_indexes()
    {
        await using var scope = _billing.Services.CreateAsyncScope();
        var accounts = scope.ServiceProvider.GetRequiredService<Accounts>();
        var generations = scope.ServiceProvider.GetRequiredService<Generations>();

        (await PlanAsync(accounts.TransactionsBefore("account-1", before: 30_000, limit: 101))).ShouldContain("IX_postings_account_id_id");
        (await PlanAsync(generations.Holds("req_7"))).ShouldContain("PK_holds");
        (await PlanAsync(generations.Charges("req_7"))).ShouldContain("PK_charges");
        (await PlanAsync(generations.Reratings("req_7").Take(1))).ShouldContain("IX_reratings_request_id_id");
        (await PlanAsync(generations.ProviderCosts("req_7"))).ShouldContain("IX_postings_request_id_attempt");
        (await PlanAsync(generations.Refunds("req_7"))).ShouldContain("IX_bookings_request_id");
    }

    private static async Task<string> PlanAsync<T>(IQueryable<T> query)
    {
        await using DbCommand command = query.CreateDbCommand();
        command.CommandText = $"explain {command.CommandText}";
        if (command.Connection!.State != System.Data.ConnectionState.Open)
        {
            await command.Connection.OpenAsync();
        }

        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        var plan = string.Join('\n', lines);
        plan.ShouldNotContain("Seq Scan");
        return plan;
    }
}
