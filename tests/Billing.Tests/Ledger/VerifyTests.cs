using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Quotas;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace LlmGateway.Billing.Tests.Ledger;

public sealed class VerifyTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private readonly Bookkeeper _books = new(billing);

    [Theory]
    [InlineData("update billing.accounts set balance = balance + 1 where id = $1", "balance", "ACCOUNT", "the balance is 0.000000901 USD, and its entries sum to 0.0000009")]
    [InlineData("delete from billing.accounts where id = $1", "balance", "ACCOUNT", "has entries of 0.0000009 USD and no account")]
    [InlineData("update billing.entries set amount = amount - 1 where account_id = $1 and book = 'revenue'", "posting", "CHARGE", "sum to -0.000000001 USD")]
    [InlineData("delete from billing.postings where account_id = $1 and kind = 'grant'", "posting", "GRANT", "no posting")]
    [InlineData("delete from billing.entries where account_id = $1 and book = 'platform' and amount < -900", "posting", "GRANT", "sum to 0.000001 USD")]
    [InlineData("update billing.postings set account_id = 'x' where account_id = $1 and kind = 'charge'", "entry", "CHARGE", "is a charge of x, and has an entry of ")]
    [InlineData("update billing.entries e set book = 'platform' from billing.postings p where p.id = e.posting_id and p.account_id = $1 and p.kind = 'charge' and e.book = 'revenue'", "entry", "CHARGE", "in the book platform")]
    [InlineData("update billing.entries e set book = 'revenue' from billing.postings p where p.id = e.posting_id and p.account_id = $1 and p.kind = 'grant' and e.book = 'platform'", "entry", "GRANT", "in the book revenue")]
    [InlineData("update billing.postings set balance_after = balance_after + 7 where account_id = $1 and kind = 'charge'", "running", "CHARGE", "the balance after it is 0.000000907 USD, and the entries up to it sum to 0.0000009")]
    [InlineData("update billing.entries e set amount = amount * 10 from billing.postings p where p.id = e.posting_id and p.account_id = $1 and p.kind = 'provider_cost'", "provider_cost", "CALL", "its postings cost us 0.0000008 USD, and it says 0.00000008")]
    [InlineData("delete from billing.entries e using billing.postings p where p.id = e.posting_id and p.account_id = $1 and p.kind = 'provider_cost'", "provider_cost", "CALL", "its postings cost us 0 USD")]
    [InlineData("delete from billing.postings where account_id = $1 and kind = 'provider_cost'", "provider_cost", "CALL", "its postings cost us 0 USD")]
    [InlineData("update billing.accounts set held = held + 1 where id = $1", "held", "ACCOUNT", "0.000000051 USD are held, and the open holds sum to 0.00000005")]
    [InlineData("update billing.holds set amount = amount - 1 where account_id = $1 and state = 'open'", "held", "ACCOUNT", "0.000000049")]
    [InlineData("delete from billing.charges where account_id = $1", "charge", "CALL", "has postings and no charge")]
    [InlineData("delete from billing.postings where account_id = $1 and kind = 'charge'", "charge", "CALL", "has 0 charge postings")]
    [InlineData("update billing.charges set cost = cost + 1 where account_id = $1", "charge", "CALL", "its postings took 0.00000006 USD, and it costs 0.000000061")]
    [InlineData("update billing.charges set cost = 30 where account_id = $1", "charge", "CALL", "0.00000004 USD were given back, and 0.00000003 were paid")]
    [InlineData("update billing.holds set state = 'released' where account_id = $1 and state = 'settled'", "settled", "CALL", "is charged, and the hold is not settled")]
    [InlineData("delete from billing.charges where account_id = $1", "settled", "CALL", "the hold is settled, and there is no charge")]
    [InlineData("delete from billing.bookings where amount = 40 and request_id = (select request_id from billing.charges where account_id = $1)", "booking", "REFUND", "nobody booked it")]
    [InlineData("update billing.bookings set amount = 39 where request_id = (select request_id from billing.charges where account_id = $1)", "booking", "REFUND", "0.000000039 USD were booked, and 0.00000004 posted")]
    [InlineData("delete from billing.cache_hits where account_id = $1", "cache_hit", "HIT", "has a posting, and was no hit of the cache")]
    [InlineData("delete from billing.postings where account_id = $1 and kind = 'cache_hit'", "cache_hit", "HIT", "there is no posting")]
    [InlineData("update billing.cache_hits set cost = 5 where account_id = $1", "cache_hit", "HIT", "costs 0.000000005 USD, and 0 were posted")]
    [InlineData("update billing.usage_days set cost = cost + 1 where account_id = $1", "usage", "DAY", "1 calls, 100 tokens and 0.000000061 USD are counted, and the calls sum to 1, 100 and 0.00000006")]
    [InlineData("delete from billing.usage_days where account_id = $1", "usage", "DAY", "0 calls, 0 tokens and 0 USD are counted")]
    [InlineData("update billing.usage_days set reasoning_tokens = 1 where account_id = $1", "usage", "DAY", "1 calls")]
    [InlineData("update billing.key_windows set held_tokens = held_tokens + 1 where account_id = $1", "window", "WINDOW", "51 tokens and 0.00000005 USD are held, and the open holds sum to 50")]
    [InlineData("delete from billing.key_windows where account_id = $1", "window", "WINDOW", "50 tokens are held, and there is no window")]
    [InlineData("update billing.key_windows set used_cost = 0 where account_id = $1", "window", "WINDOW", "100 tokens and 0 USD were used, and the days sum to 100 and 0.00000006")]
    public async Task Every_kind_of_corruption_is_found_and_named(string corruption, string check, string subject, string detail)
    {
        await HistoryAsync();
        var (account, call, hit) = await HistoryAsync();
        await billing.VerifyAsync();
        var subjects = new Dictionary<string, string>
        {
            ["ACCOUNT"] = account,
            ["CALL"] = call,
            ["HIT"] = hit,
            ["CHARGE"] = await PostingAsync(account, "charge"),
            ["GRANT"] = await PostingAsync(account, "grant"),
            ["REFUND"] = await PostingAsync(account, "refund"),
            ["DAY"] = $"{account} key-1 {billing.Time.GetUtcNow():yyyy-MM-dd} test/the-model",
            ["WINDOW"] = $"{account} key-1 day {billing.Time.GetUtcNow():yyyy-MM-dd}",
        };

        var verified = await CorruptedAsync(corruption, account);

        verified.Differences.ShouldContain(found => found.Check == check && found.Subject == subjects[subject] && found.Detail.Contains(detail));
        verified.Checks.Single(counted => counted.Name == check).Differences.ShouldBeGreaterThan(0);
        verified.Checks.ShouldAllBe(counted => counted.Examined > 0);
    }

    [Fact]
    public async Task Calls_and_bookings_that_run_meanwhile_are_no_differences()
    {
        using var enough = new CancellationTokenSource();
        var verified = 0;
        var running = Enumerable.Range(0, 6).Select(async worker =>
        {
            var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
            var turns = 0;
            for (; !enough.IsCancellationRequested; turns++)
            {
                var request = BillingSystem.NewRequest();
                await billing.HoldAsync(request, account, model, output: 10);
                await billing.SettleAsync(request, model, output: 10);
                await _books.RefundAsync(request, 1 + (turns % 10));
                await _books.TopUpAsync(account, 9);
            }

            return turns;
        }).ToList();

        for (; verified < 15; verified++)
        {
            await billing.VerifyAsync();
        }

        await enough.CancelAsync();
        (await Task.WhenAll(running)).ShouldAllBe(turns => turns > 1);
    }

    [Fact]
    public async Task The_first_hundred_differences_are_named_and_all_are_counted()
    {
        await using var own = await billing.ReplicaAsync();
        await using var connection = await OpenAsync();
        await ExecuteAsync(connection, "insert into billing.accounts (id, balance, held, opened_at) select 'lost-' || n, 7, 0, now() from generate_series(1, 250) n");

        var verified = await own.Verifier.VerifyAsync(CancellationToken.None);
        await ExecuteAsync(connection, "delete from billing.accounts where id like 'lost-%'");

        verified.Checks.Single(check => check.Name == "balance").Differences.ShouldBe(250);
        verified.Differences.Count.ShouldBe(LedgerVerifier.MostDifferences);
    }

    [Fact]
    public async Task A_verification_that_takes_too_long_ends()
    {
        await using var hurried = await billing.ReplicaAsync(("Billing:VerifySeconds", "1"));
        await using var connection = await OpenAsync();
        await using var blocking = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "lock table billing.bookings in access exclusive mode");

        var verifying = hurried.Verifier.VerifyAsync(CancellationToken.None);
        await billing.UntilWaitingAsync(sessions: 1);
        hurried.Time.Advance(TimeSpan.FromSeconds(1));

        await Should.ThrowAsync<TimeoutException>(() => verifying);
    }

    // A grant of 1,000, a refunded call, a top-up, an adjustment and a call that runs.
    // The hit came without a key, and so counts on a day of its own.
    private async Task<(string Account, string Call, string Hit)> HistoryAsync()
    {
        var (account, model) = (billing.NewAccount(), await billing.NewModelAsync());
        var (call, running, hit) = (BillingSystem.NewRequest(), BillingSystem.NewRequest(), BillingSystem.NewRequest());
        var limits = new KeyLimits { DailyTokens = 1000 };
        await billing.HoldAsync(call, account, model, output: 100, limits: limits);
        await billing.SettleAsync(call, model, output: 100);
        await _books.RefundAsync(call, 40);
        await _books.TopUpAsync(account, 10);
        await _books.AdjustAsync(account, -50);
        await billing.HoldAsync(running, account, model, output: 50, limits: limits);
        await billing.Services.GetRequiredService<CacheHits>().ChargeAsync(new(hit, account, null, call, null), CancellationToken.None);
        return (account, call, hit);
    }

    private async Task<string> PostingAsync(string account, string kind) =>
        $"txn_{await billing.CountAsync("select id from billing.postings where account_id = $1 and kind = $2", account, kind)}";

    // Seen by the verification only if it is committed; put right again from copies of the account's rows.
    private async Task<Verified> CorruptedAsync(string corruption, string account)
    {
        string[] tables = ["accounts", "postings", "entries", "holds", "charges", "bookings", "usage_days", "key_windows", "cache_hits"];
        await using var connection = await OpenAsync();
        foreach (var table in tables)
        {
            await ExecuteAsync(connection, $"create temporary table kept_{table} as select * from billing.{table}");
        }

        await ExecuteAsync(connection, corruption, account);
        var verified = await billing.Verifier.VerifyAsync(CancellationToken.None);
        foreach (var table in tables)
        {
            await ExecuteAsync(connection, $"delete from billing.{table}; insert into billing.{table} overriding system value select * from kept_{table}");
        }

        await billing.VerifyAsync();
        return verified;
    }

    // A superuser's session without triggers.
    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(billing.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await ExecuteAsync(connection, "set session_replication_role = replica");
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params string[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.AddWithValue(parameter);
        }

        await command.ExecuteNonQueryAsync();
    }
}
