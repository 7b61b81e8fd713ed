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

        var line = ToLine(call, waste, prices, term.MarkupBasisPoints, version);
        foreach (var attempt in call.Wasted)
        {
            if (!term.TryPrice(attempt.Model, out var wasted, out _))
            {
                return null;
            }

            line = AddWaste(line, attempt, waste, wasted, term.MarkupBasisPoints);
        }

        return IsTooHigh(line) ? null : line;
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
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var part = parts[(int)reader.GetInt64(0) - 1];
            priced[part.Call] = part.Attempt is null
                ? PriceAnswer(calls[part.Call], waste, reader)
                : AddWaste(priced[part.Call], part.Attempt, waste, reader);
        }

        return [.. priced.Select(Bounded)];
    }

    // One absurd figure in a sum would make every later settlement of its account fail.
    private static Answer<SettleLine> Bounded(Answer<SettleLine> priced) =>
        priced.Value is { } line && IsTooHigh(line) ? new LedgerRefusal(LedgerRefusalReason.TooDear) : priced;

    private static bool IsTooHigh(SettleLine line) => new CallCost(line.Cost, line.ProviderCost).IsTooHigh;

    private static Answer<SettleLine> PriceAnswer(UsedCall call, WasteOptions waste, NpgsqlDataReader reader)
    {
        var markup = reader.GetInt32(1);
        return reader.GetString(2) switch
        {
            "released" => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
            "settled" => new SettleLine(call, NanoUsd.Zero, NanoUsd.Zero, PriceVersion: 0) { Repeated = true },
            _ when PriceTable.ReadPrices(reader, 4) is { Usable: { } prices } => ToLine(call, waste, prices, markup, reader.GetInt64(3)),
            _ when markup == NanoUsd.UnchargedMarkup => new SettleLine(call, NanoUsd.Zero, NanoUsd.Zero, PriceVersion: 0),
            _ => new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = call.Served },
        };
    }

    private static SettleLine ToLine(UsedCall call, WasteOptions waste, TokenPrices prices, int markup, long version)
    {
        var free = waste.Of(call.Ending) == Payer.Platform;
        // Nobody answered: not even the price of a call is due.
        var cost = call.Ending == Ending.Failed ? default : CallCost.Of(prices, call.Tokens, markup, free);
        return new(call, cost.Price, cost.ProviderCost, version, free);
    }

    // An attempt comes from the hold's candidates, which have prices all. One without is left out: it must not stop its call's charge.
    private static Answer<SettleLine> AddWaste(Answer<SettleLine> priced, WastedAttempt attempt, WasteOptions waste, NpgsqlDataReader reader)
    {
        if (priced.Value is not { PriceVersion: > 0 } line || PriceTable.ReadPrices(reader, 4) is not { Usable: { } prices })
        {
            return priced;
        }

        return AddWaste(line, attempt, waste, prices, reader.GetInt32(1));
    }

    private static SettleLine AddWaste(SettleLine line, WastedAttempt attempt, WasteOptions waste, TokenPrices prices, int markup)
    {
        try
        {
            var cost = CallCost.Of(prices, attempt.Tokens, markup, free: waste.Of(attempt) == Payer.Platform);
            var more = line with
            {
                Cost = line.Cost + cost.Price,
                ProviderCost = line.ProviderCost + cost.ProviderCost,
                Wasted = line.Wasted + cost,
            };

            // An absurd attempt is left out: it must not stop the charge of the answer, nor the others of its statement.
            return IsTooHigh(more) ? line : more;
        }
        catch (OverflowException)
        {
            return line;
        }
    }

    private sealed record Part(int Call, string RequestId, PricedModel Model, WastedAttempt? Attempt);
}
