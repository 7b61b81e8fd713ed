using Npgsql;

namespace LlmGateway.SystemUnderTest;

/// <summary>One call's charge, as the ledger has it. Money is in USD.</summary>
public sealed record Charge(
    string RequestId, string Account, long InputTokens, long OutputTokens, bool Estimated, decimal Cost, decimal WrittenOff);

/// <summary>Billing's and Routing's tables as they are, past all our code.</summary>
public sealed class Books(string billing, string routing) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _billing = NpgsqlDataSource.Create(billing);
    private readonly NpgsqlDataSource _routing = NpgsqlDataSource.Create(routing);

    public static async Task<Books> OfAsync(GatewaySystem system) =>
        new(await system.ConnectionStringAsync("billingdb"), await system.ConnectionStringAsync("routingdb"));

    /// <summary>What the accounts' calls were charged. One that nobody answered is there only if its customer paid for it.</summary>
    /// <param name="accounts">A pattern.</param>
    public async Task<IReadOnlyList<Charge>> ChargesAsync(string accounts)
    {
        await using var command = _billing.CreateCommand(
            """
            select request_id, account_id, input_tokens + cached_input_tokens, output_tokens, estimated, cost, written_off
            from billing.charges where account_id like $1 and not (ending = 'failed' and cost = 0)
            """);
        command.Parameters.AddWithValue(accounts);
        await using var reader = await command.ExecuteReaderAsync();
        var charges = new List<Charge>();
        while (await reader.ReadAsync())
        {
            charges.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetBoolean(4),
                Usd(reader.GetInt64(5)), Usd(reader.GetInt64(6))));
        }

        return charges;
    }

    public Task<long> OpenHoldsAsync() => CountAsync(_billing, "select count(*) from billing.holds where state = 'open'");

    /// <summary>Settlements that Routing has not brought to Billing: those that wait, and those that Billing refused.</summary>
    public async Task<(long Waiting, long Refused)> OutboxAsync() => (
        await CountAsync(_routing, "select count(*) from routing.pending_settlements where refusal is null"),
        await CountAsync(_routing, "select count(*) from routing.pending_settlements where refusal is not null"));

    /// <summary>In one snapshot: what an account was given, what it has paid, and what is held of the rest, in nano-dollars.</summary>
    public async Task<(long Funded, long Charged, long Held)> MoneyAsync(string account)
    {
        await using var command = _billing.CreateCommand(
            """
            select coalesce(sum(e.amount) filter (where p.kind in ('grant', 'top_up')), 0)::bigint,
                -coalesce(sum(e.amount) filter (where p.kind not in ('grant', 'top_up')), 0)::bigint,
                (select coalesce(sum(amount), 0) from billing.holds where account_id = $1 and state = 'open')::bigint
            from billing.entries e join billing.postings p on p.id = e.posting_id where e.account_id = $1 and e.book = 'customer'
            """);
        command.Parameters.AddWithValue(account);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>What does not add up over the whole ledger; empty is P4.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync()
    {
        var faults = new List<string>();
        foreach (var (what, sql) in new[]
        {
            ("postings whose entries do not sum to zero",
                "select count(*) from (select from billing.entries group by posting_id having sum(amount) <> 0) p"),
            ("accounts whose balance is not the sum of their entries",
                """
                select count(*) from billing.accounts a where a.balance <>
                    (select coalesce(sum(amount), 0) from billing.entries e where e.account_id = a.id and e.book = 'customer')
                """),
            ("accounts whose held money is not that of their open holds",
                """
                select count(*) from billing.accounts a where a.held <>
                    (select coalesce(sum(amount), 0) from billing.holds h where h.account_id = a.id and h.state = 'open')
                """),
            ("charges that are not the posting of their call",
                """
                select count(*) from billing.charges c where c.cost <> coalesce((select -sum(e.amount) from billing.postings p
                    join billing.entries e on e.posting_id = p.id
                    where p.request_id = c.request_id and p.kind = 'charge' and e.book = 'customer'), 0)
                """),
            ("settled holds without a charge",
                "select count(*) from billing.holds h where h.state = 'settled' and not exists (select from billing.charges c where c.request_id = h.request_id)"),
        })
        {
            if (await CountAsync(_billing, sql) is > 0 and var count)
            {
                faults.Add($"{count} {what}");
            }
        }

        return faults;
    }

    public async ValueTask DisposeAsync()
    {
        await _billing.DisposeAsync();
        await _routing.DisposeAsync();
    }

    private static decimal Usd(long nano) => nano / 1_000_000_000m;

    private static async Task<long> CountAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
