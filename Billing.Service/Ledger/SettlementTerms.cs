using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>Reads by which price and markup each call is settled, and computes what it costs whom.</summary>
internal static class SettlementTerms
{
    // Looked up line by line, which the limits make sure of: a join's plan, made for an empty table and kept by the session, would read
    // the whole table for each statement.
    private const string Sql =
        $"""
        select u.item, h.markup_basis_points, case
                when h.state = 'settled' and exists (select from billing.assumed_charges x where x.request_id = u.request_id) then 'assumed'
                else h.state end,
            v.id, {PriceTable.Columns}
        from unnest($1, $2, $3) with ordinality u (request_id, provider, model, item)
        cross join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h
        left join lateral (
            select p.* from billing.price_versions p
            where p.id = billing.call_price(h.candidates, h.price_book, h.created_at, u.provider, u.model) limit 1) v on true
        order by u.item
        """;

    /// <summary>By terms that are known without asking: null where a part of the call has a price that is not among them, or it is to be refused.</summary>
    public static SettleLine? Price(UsedCall call, HeldTerm term, WasteOptions waste)
    {
        if (!term.TryPrice(call.Served, out var prices, out var version))
        {
            return null;
        }

        var pricing = new CallPricing(call, waste, term.MarkupBasisPoints);
        pricing.AddAnswer(prices, version);
        foreach (var attempt in call.Wasted)
        {
            if (!term.TryPrice(attempt.Model, out var wasted, out var wastedVersion))
            {
                return null;
            }

            pricing.AddWaste(attempt, wasted, wastedVersion);
        }

        return pricing.ToLine();
    }

    /// <returns>One element for each call, in the calls' order.</returns>
    public static async Task<Answer<SettleLine>[]> PriceAsync(
        NpgsqlConnection connection, IReadOnlyList<UsedCall> calls, WasteOptions waste, CancellationToken cancellationToken)
    {
        // The answers first, in the calls' order, and behind them the attempts that did not answer.
        var parts = calls.Select((call, index) => new Part(index, call.RequestId, call.Served, Attempt: null))
            .Concat(calls.SelectMany((call, index) => call.Wasted.Select(attempt => new Part(index, call.RequestId, attempt.Model, attempt))))
            .ToArray();
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(parts, part => part.RequestId);
        command.Parameters.AddTexts(parts, part => part.Model.Provider);
        command.Parameters.AddTexts(parts, part => part.Model.Model);

        var priced = new Answer<SettleLine>[calls.Count];
        Array.Fill(priced, new LedgerRefusal(LedgerRefusalReason.UnknownHold));
        var pricings = new CallPricing?[calls.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var part = parts[(int)reader.GetInt64(0) - 1];
            if (part.Attempt is null)
            {
                (priced[part.Call], pricings[part.Call]) = PriceAnswer(calls[part.Call], waste, reader);
            }
            else if (PriceTable.ReadPrices(reader, 4).Usable is { } prices)
            {
                // An attempt comes from the hold's candidates, which have prices all. One without is left out: it must not stop its call's charge.
                pricings[part.Call]?.AddWaste(part.Attempt, prices, reader.GetInt64(3));
            }
        }

        // One absurd figure in a sum would make every later settlement of its account fail.
        return [.. priced.Select((answer, index) => pricings[index] is not { } pricing ? answer
            : pricing.ToLine() is { } line ? line : new LedgerRefusal(LedgerRefusalReason.TooDear))];
    }

    private static (Answer<SettleLine> Answer, CallPricing? Pricing) PriceAnswer(UsedCall call, WasteOptions waste, NpgsqlDataReader reader)
    {
        var markup = reader.GetInt32(1);
        switch (reader.GetString(2))
        {
            case "released":
                return (new LedgerRefusal(LedgerRefusalReason.ClosedHold), null);
            case "settled":
                return (new SettleLine(call, NanoUsd.Zero, PriceVersion: 0) { Repeated = true }, null);
        }

        if (PriceTable.ReadPrices(reader, 4).Usable is { } prices)
        {
            var pricing = new CallPricing(call, waste, markup);
            pricing.AddAnswer(prices, reader.GetInt64(3));
            return (default!, pricing);
        }

        return markup == NanoUsd.UnchargedMarkup
            ? (new SettleLine(call, NanoUsd.Zero, PriceVersion: 0), null)
            : (new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = call.Served }, null);
    }

    private sealed record Part(int Call, string RequestId, PricedModel Model, WastedAttempt? Attempt);
}
