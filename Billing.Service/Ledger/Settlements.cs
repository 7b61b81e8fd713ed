using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// 1. The hold says by which price book and markup the call is priced: those of the moment it was held, so that a change of price in
///    the middle of a call cannot change its bill. They never change, so they are read without a lock.
/// 2. The cost is computed here, where all rounding is.
/// 3. One statement closes the hold and writes postings, charge and balance. It commits durably, once by request id; a repetition
///    reads the first one's figures.
/// </summary>
internal sealed partial class Settlements(
    NpgsqlDataSource database, BillingMetrics metrics, TimeProvider time, ILogger<Settlements> logger)
{
    private const string TermsSql =
        """
        select h.markup_basis_points, h.state, v.id, v.input, v.cached_input, v.cache_write, v.output
        from billing.holds h
        left join lateral (
            select p.* from billing.price_versions p
            where p.provider = $2 and p.model = $3 and p.id <= h.price_book
            order by p.id desc limit 1) v on true
        where h.request_id = $1
        """;

    public async Task<Answer<SettledCall>> SettleAsync(UsedCall call, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (line, refusal) = await PriceAsync(connection, call, cancellationToken);
        if (line is null)
        {
            return refusal!;
        }

        var settled = (await SettleStatement.ExecuteAsync(connection, [line], time.GetUtcNow(), cancellationToken))[0];
        if (settled is null)
        {
            // Released between the two statements.
            return new LedgerRefusal(LedgerRefusalReason.ClosedHold);
        }

        metrics.Settled(settled);
        if (settled is { First: true, WrittenOff.Value: > 0 })
        {
            Log.WrittenOff(logger, call.RequestId, settled.WrittenOff, settled.Cost);
        }

        return settled;
    }

    private static async Task<Answer<SettleLine>> PriceAsync(
        NpgsqlConnection connection, UsedCall call, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TermsSql, connection);
        command.Parameters.AddOne(call.RequestId);
        command.Parameters.AddOne(call.Served.Provider);
        command.Parameters.AddOne(call.Served.Model);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return new LedgerRefusal(LedgerRefusalReason.UnknownHold);
        }

        var markup = reader.GetInt32(0);
        return reader.GetString(1) switch
        {
            "released" => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
            // The figures of the first settlement will be read, whatever these are.
            "settled" => new SettleLine(call, NanoUsd.Zero, NanoUsd.Zero, PriceVersion: 0),
            _ when AnnouncedPrices.Read(reader, 3) is { Usable: { } prices } => new SettleLine(
                call, prices.CustomerPrice(call.Tokens, markup), prices.ProviderCost(call.Tokens), reader.GetInt64(2)),
            _ => new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = call.Served },
        };
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Call {RequestId} cost {Cost}; {WrittenOff} of it was neither held nor available and is written off.")]
        public static partial void WrittenOff(ILogger logger, string requestId, NanoUsd writtenOff, NanoUsd cost);
    }
}
