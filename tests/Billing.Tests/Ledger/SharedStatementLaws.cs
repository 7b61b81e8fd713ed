using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>
/// Whatever lines share a statement, they are answered, and leave the ledger, as if each had come alone and in that order: repetitions,
/// other accounts' request ids, write-offs, an overdraft and keys with and without limits in the same statement included.
/// </summary>
public sealed class SharedStatementLaws(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private const int Accounts = 3;
    private const int Requests = 6;

    // The last two are one key, whose limits are not always sent along.
    private static readonly (string? Key, KeyLimits? Limits)[] KeyLimits =
    [
        (null, null),
        ("a", new() { DailyTokens = 300, TotalCost = new(900) }),
        ("b", new() { TotalTokens = 500, MonthlyCost = new(400) }),
        ("b", null),
    ];

    private static readonly BillingOptions Options = new() { DefaultBalance = 0.000001m };

    private static readonly Gen<Line> Lines =
        from account in Gen.Choose(0, Accounts - 1)
        from request in Gen.Choose(0, Requests - 1)
        from amount in Gen.Frequency((8, Gen.Choose(0, 400)), (1, Gen.Constant(0)), (1, Gen.Choose(400, 900)))
        from key in Gen.Choose(0, KeyLimits.Length - 1)
        select new Line(account, request, amount, key);

    private static readonly Arbitrary<Statement[]> Statements = Arb.From(
        Gen.Frequency(
                (5, Gen.Constant(StatementKind.Hold)), (5, Gen.Constant(StatementKind.Settle)), (2, Gen.Constant(StatementKind.Extend)),
                (1, Gen.Constant(StatementKind.Release)))
            .SelectMany(_ => Lines.ArrayOf(7), (kind, lines) => new Statement(kind, lines)).ArrayOf(),
        statements => statements.Select((_, index) => statements.Where((_, other) => other != index).ToArray()));

    [Fact]
    public void Lines_that_share_a_statement_are_answered_as_one_after_the_other() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(12),
        Prop.ForAll(Statements, statements => RunAsync(statements).GetAwaiter().GetResult()));

    private async Task RunAsync(Statement[] statements)
    {
        var (shared, alone) = (new World(billing), new World(billing));
        await shared.OverdrawAsync();
        await alone.OverdrawAsync();
        foreach (var statement in statements)
        {
            var answers = await shared.ExecuteAsync(statement.Kind, statement.Lines);
            var expected = new List<string>();
            foreach (var line in statement.Lines)
            {
                expected.AddRange(await alone.ExecuteAsync(statement.Kind, [line]));
            }

            answers.ShouldBe(expected, ignoreOrder: false, statement.ToString());
            (await shared.MoneyAsync()).ShouldBe(await alone.MoneyAsync(), ignoreOrder: false, statement.ToString());
            (await shared.WindowsAsync()).ShouldBe(await alone.WindowsAsync(), statement.ToString());
        }

        (await shared.PostingsAsync()).ShouldBe(await alone.PostingsAsync());
        await billing.VerifyAsync();
    }

    public sealed record Line(int Account, int Request, int Amount, int Key);

    public sealed record Statement(StatementKindName Name, Line[] Lines)
    {
        internal Statement(StatementKind kind, Line[] lines)
            : this((StatementKindName)kind, lines)
        {
        }

        internal StatementKind Kind => (StatementKind)Name;

        public override string ToString() => $"{Name}: {string.Join("; ", Lines.AsEnumerable())}";
    }

    /// <summary>The same, for the properties' public types.</summary>
    public enum StatementKindName
    {
        Hold = StatementKind.Hold,
        Extend = StatementKind.Extend,
        Settle = StatementKind.Settle,
        Release = StatementKind.Release,
    }

    private sealed class World(BillingSystem billing)
    {
        // In the same order in both worlds, and not in that of their numbers.
        private readonly string[] _accounts = [.. new[] { "b", "c", "a" }.Select(first => $"{first}-{billing.NewAccount()}")];
        private readonly string[] _requests = [.. Enumerable.Range(0, Requests).Select(_ => BillingSystem.NewRequest())];

        public async Task<string[]> ExecuteAsync(StatementKind kind, Line[] lines)
        {
            await using var connection = await billing.Database.OpenConnectionAsync();
            var now = billing.Time.GetUtcNow();
            switch (kind)
            {
                case StatementKind.Hold:
                    var holds = await HoldStatement.ExecuteAsync(
                        connection,
                        [.. lines.Select(line => new HoldLine(
                            _requests[line.Request], _accounts[line.Account], KeyLimits[line.Key].Key, new(line.Amount), 1, line.Amount, 0, "[]")
                        {
                            Estimate = new(line.Amount / 3),
                            MinOutputTokens = line.Amount / 2,
                            Limits = KeyLimits[line.Key].Limits,
                        })],
                        Options, now, CancellationToken.None);
                    return [.. holds.Select(row => row.ToString())];
                case StatementKind.Extend:
                    var extended = await ExtendStatement.ExecuteAsync(
                        connection, [.. lines.Select(line => new ExtendLine(_requests[line.Request], new(line.Amount * 2), 1, line.Amount * 2))],
                        CancellationToken.None);
                    return [.. extended.Select(row => $"{row}")];
                case StatementKind.Settle:
                    var settled = await SettleStatement.ExecuteAsync(
                        connection, [.. lines.Select(line => Used(line, now))], now, CancellationToken.None);
                    return [.. settled.Select(row => $"{row}")];
                default:
                    await ReleaseStatement.ExecuteAsync(
                        connection, [.. lines.Select(line => new ReleaseLine(_requests[line.Request], "[]", null))], now, CancellationToken.None);
                    return [];
            }
        }

        /// <summary>The first account may owe 300.</summary>
        public async Task OverdrawAsync()
        {
            await MoneyAsync();
            await billing.CountAsync("with o as (update billing.accounts set overdraft = 300 where id = $1 returning 1) select count(*) from o", _accounts[0]);
        }

        /// <summary>Every window of the accounts, and what was used by day, as text.</summary>
        public async Task<string> WindowsAsync()
        {
            await using var command = billing.Database.CreateCommand(
                """
                select string_agg(concat_ws(' ', a.item, w.key_id, w.kind, w.starts, w.used_tokens, w.used_cost, w.held_tokens, w.held_cost),
                    '; ' order by a.item, w.key_id, w.kind) || (
                    select coalesce(string_agg(concat_ws(' ', b.item, d.key_id, d.day, d.model, d.requests, d.input_tokens, d.cached_input_tokens,
                        d.cache_write_tokens, d.output_tokens, d.reasoning_tokens, d.cost, d.written_off, d.provider_cost),
                        '; ' order by b.item, d.key_id, d.model), '')
                    from unnest($1) with ordinality b (id, item) join billing.usage_days d on d.account_id = b.id)
                from unnest($1) with ordinality a (id, item) left join billing.key_windows w on w.account_id = a.id
                """);
            command.Parameters.AddTexts(_accounts, account => account);
            return (string)(await command.ExecuteScalarAsync())!;
        }

        public async Task<(long, long)[]> MoneyAsync() => [.. await Task.WhenAll(_accounts.Select(billing.MoneyAsync))];

        /// <summary>Each account's postings in their order, as text.</summary>
        public async Task<string[]> PostingsAsync()
        {
            await using var command = billing.Database.CreateCommand(
                """
                select string_agg(concat_ws(' ', p.kind, p.balance_after, p.model, p.price_version, p.attempt, p.provider_model, p.deployment, p.input_tokens, array_position($2, p.request_id),
                    (select string_agg(e.book || e.amount, ',' order by e.book) from billing.entries e where e.posting_id = p.id),
                    (select concat_ws(' ', c.cost, c.written_off, c.provider_cost, c.balance_after) from billing.charges c
                     where p.kind = 'charge' and c.request_id = p.request_id)),
                    '; ' order by p.id)
                from unnest($1) with ordinality a (id, item) left join billing.postings p on p.account_id = a.id
                group by a.item order by a.item
                """);
            command.Parameters.AddTexts(_accounts, account => account);
            command.Parameters.AddTexts(_requests, request => request);
            await using var reader = await command.ExecuteReaderAsync();
            var postings = new List<string>();
            while (await reader.ReadAsync())
            {
                postings.Add(reader.GetString(0));
            }

            return [.. postings];
        }

        private SettleLine Used(Line line, DateTimeOffset now) => new(
            new(_requests[line.Request], new("p", "m"), "d", "model", new(1, 2, 3, 4), 5, Estimated: false, now, 6, 7, "[]"),
            new(line.Amount), PriceVersion: line.Amount)
        {
            ProviderCosts = [.. new[] { line.Amount / 5, line.Amount / 2 }.Select((cost, index) =>
                new ProviderCost(index + 1, new("p", $"m{index}"), $"d{index}", new(cost, 2, 3, 4), PriceVersion: index, new(cost)))],
        };
    }
}
