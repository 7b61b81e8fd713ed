using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Ledger;

/// <summary>An answer that is to be given again.</summary>
/// <param name="Source">The call that it is from.</param>
/// <param name="Limits">The key's; null without any.</param>
internal sealed record WantedHit(string RequestId, string AccountId, string? KeyId, string Source, KeyLimits? Limits);

/// <param name="First">False for a repetition.</param>
internal sealed record ChargedHit(NanoUsd Cost, bool First);

/// <summary>
/// Charges answers of the gateway's cache. Nothing is held for them: what they cost is known before, so that one statement under the
/// account's lock decides and charges.
/// </summary>
internal sealed class CacheHits(NpgsqlDataSource database, IOptions<BillingOptions> options, BillingMetrics metrics, TimeProvider time) : IDisposable
{
    private const string Sql =
        "select r_outcome, r_cost, r_balance, r_held, r_overdraft, r_windows, r_first from billing.cache_hit($1, $2, $3, $4, $5, $6, $7)";

    // The connections are those of calls.
    private readonly SemaphoreSlim _connections = new(4, 4);

    public async Task<Answer<ChargedHit>> ChargeAsync(WantedHit wanted, CancellationToken cancellationToken)
    {
        await _connections.WaitAsync(cancellationToken);
        try
        {
            var answer = await ExecuteAsync(wanted, cancellationToken);
            metrics.HitDecided(answer.Value, answer.Refusal?.Reason);
            return answer;
        }
        finally
        {
            _connections.Release();
        }
    }

    public void Dispose() => _connections.Dispose();

    private async Task<Answer<ChargedHit>> ExecuteAsync(WantedHit wanted, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var command = database.CreateCommand(Sql);
        command.Parameters.AddOne(wanted.RequestId);
        command.Parameters.AddOne(wanted.AccountId);
        command.Parameters.AddText(wanted.KeyId);
        command.Parameters.AddOne(wanted.Source);
        command.Parameters.AddOne(options.Value.HitPrice.Value);
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)wanted.Limits?.ToArray() ?? DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint,
        });
        command.Parameters.AddOne(now);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetString(0) switch
        {
            "charged" => new ChargedHit(new(reader.GetInt64(1)), reader.GetBoolean(6)),
            "unknown" => new LedgerRefusal(LedgerRefusalReason.UnknownSource),
            "foreign" => new LedgerRefusal(LedgerRefusalReason.ForeignHold),
            "insufficient" => Insufficient(reader, wanted.Limits, now),
            var other => throw new InvalidOperationException($"billing.cache_hit answered {other}."),
        };
    }

    private static LedgerRefusal Insufficient(NpgsqlDataReader reader, KeyLimits? limits, DateTimeOffset now)
    {
        var cost = new NanoUsd(reader.GetInt64(1));
        var windows = KeyWindows.FromArray(reader.IsDBNull(5) ? null : reader.GetFieldValue<long[]>(5));
        return windows is not null && limits is not null && (limits with { TotalTokens = null, DailyTokens = null, MonthlyTokens = null })
            .Reached(windows, tokens: 0, cost, now) is { } reached
            ? new(LedgerRefusalReason.LimitReached) { Required = cost, Limit = reached }
            : new(LedgerRefusalReason.InsufficientBalance)
            {
                Required = cost,
                Balance = new(reader.GetInt64(2)),
                Held = new(reader.GetInt64(3)),
                Overdraft = new(reader.GetInt64(4)),
            };
    }
}
