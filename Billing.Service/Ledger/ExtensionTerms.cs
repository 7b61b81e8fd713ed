using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>An open hold that is to cover larger bounds; one that is covered asks for nothing.</summary>
internal sealed record WantedBound(string RequestId, long PromptTokens, long OutputTokens);

/// <summary>What the hold is to cover in all, and by which prices.</summary>
internal sealed record ExtensionQuote(WantedBound Bound, HoldQuote Prices)
{
    public ExtendLine ToLine() => new(Bound.RequestId, Prices.Amount(Bound.OutputTokens), Bound.PromptTokens, Bound.OutputTokens);
}

/// <summary>Reads by which prices and markup each hold was made, and so grows.</summary>
internal static class ExtensionTerms
{
    // Line by line, as the terms of settlements are.
    private const string Sql =
        $"""
        select u.item, h.prompt_tokens, h.output_tokens, h.markup_basis_points, c.provider, c.model, {PriceTable.Columns}
        from unnest($1) with ordinality u (request_id, item)
        cross join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h
        left join lateral jsonb_to_recordset(h.candidates) c (provider text, model text) on true
        left join lateral (
            select p.* from billing.price_versions p
            where p.id = billing.call_price(h.candidates, h.price_book, h.created_at, c.provider, c.model) limit 1) v on true
        """;

    /// <returns>One element for each line, in the lines' order.</returns>
    public static async Task<Answer<ExtensionQuote>[]> QuoteAsync(
        NpgsqlConnection connection, IReadOnlyList<WantedBound> wanted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(wanted, line => line.RequestId);

        var terms = new Terms?[wanted.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var item = reader.GetInt64(0) - 1;
            (terms[item] ??= Read(wanted[(int)item], reader)).AddCandidate(reader);
        }

        return [.. terms.Select(found => found is null ? new LedgerRefusal(LedgerRefusalReason.UnknownHold) : found.ToQuote())];
    }

    private static Terms Read(WantedBound wanted, NpgsqlDataReader reader)
    {
        var bound = new WantedBound(
            wanted.RequestId, Math.Max(wanted.PromptTokens, reader.GetInt64(1)), Math.Max(wanted.OutputTokens, reader.GetInt64(2)));
        return new(bound, reader.GetInt32(3));
    }

    private sealed class Terms(WantedBound bound, int markupBasisPoints)
    {
        private readonly List<TokenPrices> _candidates = [];
        private PricedModel? _unpriced;

        public void AddCandidate(NpgsqlDataReader reader)
        {
            if (reader.IsDBNull(4))
            {
                // Held while billing was off, and none of its candidates had a price.
                return;
            }

            if (PriceTable.ReadPrices(reader, 6).Usable is { } prices)
            {
                _candidates.Add(prices);
            }
            else
            {
                _unpriced ??= new(reader.GetString(4), reader.GetString(5));
            }
        }

        public Answer<ExtensionQuote> ToQuote() => _unpriced is { } model
            ? new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = model }
            : new ExtensionQuote(bound, new(_candidates, bound.PromptTokens, markupBasisPoints));
    }
}
