using System.Diagnostics;
using System.Globalization;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Spending;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LlmGateway.Billing.Tests.Spending;

/// <summary>
/// Reports cost what the days that they are about have, however many calls there were: the plans of the very queries, over a year of days.
/// In a database of its own.
/// </summary>
public sealed class ReportPlanTests : IAsyncLifetime
{
    private const string Charges =
        """
        insert into billing.charges (request_id, account_id, key_id, requested_model, provider, model, deployment, input_tokens, cached_input_tokens,
            cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, estimated, cost, written_off, provider_cost,
            markup_basis_points, price_version, balance_after, started_at, time_to_first_token_ms, total_ms, attempts, created_at, ending,
            free, wasted_price, wasted_cost)
        select 'req_' || n, 'account-' || (n / 7) % 100, 'key-' || (n / 11) % 3, 'model-' || (n / 5) % 4, 'p', 'm', 'd', 10, 0, 0, 0, 5, 0, false, 7, 0, 5,
            2500, 1, 0, date '2019-01-01' + n % 365, 0, 0, '[]', date '2019-01-01' + n % 365, 'whole', false, 0, 0
        from generate_series(1, $1) n
        """;

    private const string Postings =
        """
        with posted as (
            insert into billing.postings (id, kind, account_id, request_id, model, balance_after, created_at) overriding system value
            select n, 'charge', 'account-' || n % 100, 'req_' || n, 'm', 0, date '2019-01-01' + n % 365 from generate_series(1, $1) n)
        insert into billing.entries
        select n, b, 'account-' || n % 100, case b when 'customer' then -7 else 7 end
        from generate_series(1, $1) n cross join (values ('customer'), ('revenue')) v (b)
        """;

    private const string Days =
        """
        insert into billing.usage_days
        select c.account_id, c.key_id, c.created_at::date, c.requested_model, c.provider, count(*), sum(c.input_tokens), 0, 0, sum(c.output_tokens), 0,
            sum(c.cost), 0, sum(c.provider_cost)
        from billing.charges c group by 1, 2, 3, 4, 5
        """;

    private static readonly DateOnly NewYear = new(2019, 1, 1);

    private static readonly SpendGroup[] AllGroups = Enum.GetValues<SpendGroup>();

    private readonly BillingSystem _billing = new();

    public Task InitializeAsync() => _billing.InitializeAsync();

    public Task DisposeAsync() => _billing.DisposeAsync();

    [Fact]
    public async Task Reports_and_usage_are_read_by_day_or_account_and_never_from_calls()
    {
        await WriteAsync(charges: 20_000, transactions: false);

        await CheckPlansAsync();
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Five_million_charges_make_neither_reports_nor_pages_of_transactions_slow()
    {
        const int Count = 5_000_000;
        await WriteAsync(Count, transactions: true);

        await CheckPlansAsync();
        await WithinAsync(500, () => RowsAsync(new(NewYear, NewYear.AddDays(6), [SpendGroup.Day], null, null)));
        await WithinAsync(500, () => RowsAsync(new(NewYear, NewYear.AddDays(30), AllGroups, null, null)));
        await WithinAsync(500, () => RowsAsync(new(NewYear, NewYear.AddDays(364), [SpendGroup.Day, SpendGroup.Model], "account-7", null)));
        await WithinAsync(500, () => UsageTests.ReadAsync(_billing, usage => usage.GetAsync("account-7", "key-1", CancellationToken.None)));
        await WithinAsync(500, () => TransactionsAsync(accounts => accounts.TransactionsBeforeAsync("account-7", Count / 2, 100, CancellationToken.None)));
        await WithinAsync(500, () => TransactionsAsync(accounts => accounts.TransactionsAsync("account-7", 100, 10_000, CancellationToken.None)));

        // Everybody's whole year, which no page of a console asks for.
        await WithinAsync(5_000, () => RowsAsync(new(NewYear, NewYear.AddDays(364), [SpendGroup.Day], null, null)));
    }

    private async Task WriteAsync(int charges, bool transactions)
    {
        await RunAsync(Charges, charges);
        await RunAsync(Days, null);
        if (transactions)
        {
            await RunAsync(Postings, charges);
        }

        await RunAsync("analyze billing.charges, billing.usage_days, billing.postings, billing.entries", null);
        await RunAsync("vacuum billing.usage_days, billing.postings, billing.entries", null);
    }

    private async Task CheckPlansAsync()
    {
        (await PlanAsync(new(NewYear, NewYear.AddDays(6), [SpendGroup.Day], null, null))).ShouldContain("IX_usage_days_day_account_id");
        (await PlanAsync(new(NewYear, NewYear.AddDays(6), AllGroups, null, ["2019-01-03", "account-5", "key-1", "model-2"]))).ShouldContain("IX_usage_days_day_account_id");
        (await PlanAsync(new(NewYear, NewYear.AddDays(6), [SpendGroup.Account, SpendGroup.Model], "account-7", null))).ShouldContain("usage_days");
        (await PlanAsync(new(NewYear, NewYear.AddDays(364), [SpendGroup.Key], "account-7", null))).ShouldContain("usage_days");
        (await PlanAsync(UsageReads.UsageSql(ofKey: true), parameters =>
        {
            parameters.AddOne(NewYear.AddDays(200));
            parameters.AddOne(NewYear.AddDays(181));
            parameters.AddOne("account-7");
            parameters.AddOne("key-1");
        })).ShouldContain("PK_usage_days");
    }

    private Task<string> PlanAsync(SpendReport report) => PlanAsync(report.Sql, parameters => report.Bind(parameters, 51));

    private async Task<string> PlanAsync(string sql, Action<NpgsqlParameterCollection> bind)
    {
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("explain " + sql, connection);
        bind(command.Parameters);
        var lines = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        var plan = string.Join('\n', lines);
        plan.ShouldNotContain("Seq Scan", Case.Sensitive, plan);
        foreach (var table in new[] { "charges", "postings", "entries", "holds" })
        {
            plan.ShouldNotContain(table, Case.Sensitive, plan);
        }

        return plan;
    }

    private async Task RunAsync(string sql, int? parameter)
    {
        await using var connection = await _billing.Database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 1_800 };
        if (parameter is { } value)
        {
            command.Parameters.AddOne(value);
        }

        await command.ExecuteNonQueryAsync();
    }

    private Task<IReadOnlyList<SpendRow>> RowsAsync(SpendReport report) =>
        UsageTests.ReadAsync(_billing, usage => usage.ReportAsync(report, 51, CancellationToken.None));

    private async Task<T> TransactionsAsync<T>(Func<Accounts, Task<T>> read)
    {
        await using var scope = _billing.Services.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<Accounts>());
    }

    // The best of five: what the query costs, whoever else is busy on the machine.
    private static async Task WithinAsync<T>(int milliseconds, Func<Task<T>> ask)
    {
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var watch = Stopwatch.StartNew();
            await ask();
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }

        best.TotalMilliseconds.ShouldBeLessThan(milliseconds, string.Create(CultureInfo.InvariantCulture, $"a {typeof(T).Name} took {best}"));
    }
}
