using LlmGateway.Billing.Data;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LlmGateway.Billing.Spending;

/// <summary>Of one key or account: in this day, in this month, and in all.</summary>
internal sealed record AccountUsage(UsageWindows Windows, UsageSums Day, UsageSums Month, UsageSums Total);

/// <summary>Of everybody.</summary>
/// <param name="Balance">In USD, exact; Held likewise. Balances each fit into nano-dollars of 64 bits, and their sum may not.</param>
internal sealed record Totals(UsageSums Day, UsageSums Month, decimal Balance, decimal Held, long Accounts);

/// <summary>Reads the sums by day, on the connections of reads: a report never waits in front of a hold.</summary>
internal sealed class UsageReads(BillingDbContext db, TimeProvider time)
{
    private static readonly string TotalsSql =
        $"""
        select {UsageSums.Columns} from billing.usage_days d where d.day = $1
        union all
        select {UsageSums.Columns} from billing.usage_days d where d.day >= $2 and d.day <= $1
        """;

    /// <param name="accountId">Whose.</param>
    /// <param name="keyId">Null is all keys; empty is calls without one.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public async Task<AccountUsage> GetAsync(string accountId, string? keyId, CancellationToken cancellationToken)
    {
        var windows = UsageWindows.At(time.GetUtcNow());
        await using var command = await CommandAsync(UsageSql(keyId is not null), cancellationToken);
        command.Parameters.AddOne(windows.Day);
        command.Parameters.AddOne(windows.Month);
        command.Parameters.AddOne(accountId);
        if (keyId is not null)
        {
            command.Parameters.AddOne(keyId);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (day, month, total) = (await NextAsync(reader, cancellationToken), await NextAsync(reader, cancellationToken), await NextAsync(reader, cancellationToken));
        return new(windows, day, month, total);
    }

    public async Task<Totals> TotalsAsync(CancellationToken cancellationToken)
    {
        var windows = UsageWindows.At(time.GetUtcNow());
        await using var command = await CommandAsync(TotalsSql, cancellationToken);
        command.Parameters.AddOne(windows.Day);
        command.Parameters.AddOne(windows.Month);
        UsageSums day, month;
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            (day, month) = (await NextAsync(reader, cancellationToken), await NextAsync(reader, cancellationToken));
        }

        await using var money = await CommandAsync(
            "select coalesce(sum(balance), 0) * 0.000000001, coalesce(sum(held), 0) * 0.000000001, count(*) from billing.accounts", cancellationToken);
        await using var accounts = await money.ExecuteReaderAsync(cancellationToken);
        await accounts.ReadAsync(cancellationToken);
        return new(day, month, accounts.GetDecimal(0), accounts.GetDecimal(1), accounts.GetInt64(2));
    }

    /// <summary>One page: a row more than wanted, if there is one.</summary>
    public async Task<IReadOnlyList<SpendRow>> ReportAsync(SpendReport report, int most, CancellationToken cancellationToken)
    {
        await using var command = await CommandAsync(report.Sql, cancellationToken);
        report.Bind(command.Parameters, most);
        var rows = new List<SpendRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(report.Read(reader));
        }

        return rows;
    }

    internal static string UsageSql(bool ofKey) =>
        $"""
        select {UsageSums.Columns} from billing.usage_days d where d.day = $1 and {Whose(ofKey)}
        union all
        select {UsageSums.Columns} from billing.usage_days d where d.day >= $2 and d.day <= $1 and {Whose(ofKey)}
        union all
        select {UsageSums.Columns} from billing.usage_days d where {Whose(ofKey)}
        """;

    private static string Whose(bool ofKey) => ofKey ? "d.account_id = $3 and d.key_id = $4" : "d.account_id = $3";

    private static async Task<UsageSums> NextAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) =>
        await reader.ReadAsync(cancellationToken) ? UsageSums.Read(reader, 0) : throw new InvalidOperationException("A sum without rows is a row.");

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        return new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection());
    }
}
