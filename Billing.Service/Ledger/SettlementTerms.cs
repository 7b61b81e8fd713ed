using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Reads by which price and markup each call is settled, and computes its cost.</summary>
internal static class SettlementTerms
{
    // Looked up line by line, which the limits make sure of: a join's plan, made for an empty table and kept by the session, would read
    // the whole table for each statement.
    private const string Sql =
        $"""
        select u.item, h.markup_basis_points, h.state, v.id, {PriceTable.Columns}
        from unnest($1, $2, $3) with ordinality u (request_id, provider, model, item)
        cross join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h
        left join lateral (
            select p.* from billing.price_versions p
            where p.id = billing.call_price(h.candidates, h.price_book, h.created_at, u.provider, u.model) limit 1) v on true
        """;

    /// <returns>One element for each call, in the calls' order.</returns>
    public static async Task<Answer<SettleLine>[]> PriceAsync(
        NpgsqlConnection connection, IReadOnlyList<UsedCall> calls, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(calls, call => call.RequestId);
        command.Parameters.AddTexts(calls, call => call.Served.Provider);
        command.Parameters.AddTexts(calls, call => call.Served.Model);

        var priced = new Answer<SettleLine>[calls.Count];
        Array.Fill(priced, new LedgerRefusal(LedgerRefusalReason.UnknownHold));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var item = (int)reader.GetInt64(0) - 1;
            priced[item] = Price(calls[item], reader);
        }

        return priced;
    }

    private static Answer<SettleLine> Price(UsedCall call, NpgsqlDataReader reader)
    {
        var markup = reader.GetInt32(1);
        return reader.GetString(2) switch
        {
            "released" => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
            // The figures of the first settlement will be read, whatever these are.
            "settled" => new SettleLine(call, NanoUsd.Zero, NanoUsd.Zero, PriceVersion: 0),
            _ when PriceTable.ReadPrices(reader, 4) is { Usable: { } prices } => new SettleLine(
                call, prices.CustomerPrice(call.Tokens, markup), prices.ProviderCost(call.Tokens), reader.GetInt64(3)),
            _ when markup == NanoUsd.UnchargedMarkup => new SettleLine(call, NanoUsd.Zero, NanoUsd.Zero, PriceVersion: 0),
            _ => new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = call.Served },
        };
    }
}
