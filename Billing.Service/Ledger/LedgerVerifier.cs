using System.Data;
using System.Diagnostics;
using LlmGateway.Billing.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Something that is not as it must be.</summary>
/// <param name="Subject">The id of the account, posting or call.</param>
internal sealed record LedgerDifference(string Check, string Subject, string Detail);

internal sealed record VerifiedCheck(string Name, long Examined, long Differences);

internal sealed record Verified(
    IReadOnlyList<VerifiedCheck> Checks, IReadOnlyList<LedgerDifference> Differences, DateTimeOffset At, TimeSpan Duration);

/// <summary>
/// Proves that the ledger adds up. All checks see one snapshot, which each commit is in whole or not at all, so that calls that run meanwhile
/// are no differences; reading locks nobody out. One at a time in a process, because it reads everything there is.
/// </summary>
internal sealed class LedgerVerifier(
    IServiceScopeFactory scopes, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time) : IDisposable
{
    public const int MostDifferences = 100;

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <exception cref="TimeoutException">It did not end within the configured time.</exception>
    public async Task<Verified> VerifyAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.VerifyLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await _turn.WaitAsync(either.Token);
            try
            {
                return await VerifyOnceAsync(either.Token);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The ledger was not verified in time.", exception);
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<Verified> VerifyOnceAsync(CancellationToken cancellationToken)
    {
        var (at, began) = (time.GetUtcNow(), Stopwatch.GetTimestamp());

        // Of the few connections for reading: those of calls stay theirs.
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BillingDbContext>();
        await db.Database.OpenConnectionAsync(cancellationToken);
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using (var prepare = Command(connection, "set transaction read only; set local work_mem = '64MB'"))
        {
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        var checks = new List<VerifiedCheck>();
        var differences = new List<LedgerDifference>();
        foreach (var check in LedgerChecks.All)
        {
            var found = await FindAsync(connection, check, differences, cancellationToken);
            await using var count = Command(connection, check.CountSql);
            checks.Add(new(check.Name, (long)(await count.ExecuteScalarAsync(cancellationToken))!, found));
        }

        metrics.Verified(checks);
        return new(checks, differences, at, Stopwatch.GetElapsedTime(began));
    }

    private static async Task<long> FindAsync(
        NpgsqlConnection connection, LedgerCheck check, List<LedgerDifference> differences, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, check.DifferencesSql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            found++;
            if (differences.Count < MostDifferences)
            {
                differences.Add(new(check.Name, reader.GetString(0), reader.GetString(1)));
            }
        }

        return found;
    }

    // Its time is the whole verification's.
    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection) { CommandTimeout = 0 };
}
