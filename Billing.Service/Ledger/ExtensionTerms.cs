using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>An open hold that is to cover a larger output bound.</summary>
internal sealed record WantedBound(string RequestId, long OutputTokens);

/// <summary>Reads by which prices and markup each hold was made, and so grows.</summary>
internal static class ExtensionTerms
{
    // Line by line, as the terms of settlements are.
    private const string Sql =
        $"""
        select u.item, h.prompt_tokens, h.markup_basis_points, c.provider, c.model, {PriceTable.Columns}
        from unnest($1) with ordinality u (request_id, item)
        cross join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h
        left join lateral jsonb_to_recordset(h.candidates) c (provider text, model text) on true
        left join lateral (
            select p.* from billing.price_versions p
            where p.id = billing.call_price(h.candidates, h.price_book, h.created_at, c.provider, c.model) limit 1) v on true
        """;

    /// <returns>One element for each line, in the lines' order.</returns>
    public static async Task<Answer<HoldQuote>[]> QuoteAsync(
        NpgsqlConnection connection, IReadOnlyList<WantedBound> wanted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(wanted, line => line.RequestId);

        var terms = new Terms?[wanted.Count];
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            (terms[reader.GetInt64(0) - 1] ??= new(reader.GetInt64(1), reader.GetInt32(2))).AddCandidate(reader);
        }

        return [.. terms.Select(found => found is null ? new LedgerRefusal(LedgerRefusalReason.UnknownHold) : found.ToQuote())];
    }

    private sealed class Terms(long promptTokens, int markupBasisPoints)
    {
        private readonly List<TokenPrices> _candidates = [];
        private PricedModel? _unpriced;

        public void AddCandidate(NpgsqlDataReader reader)
        {
            if (reader.IsDBNull(3))
            {
                // Held while billing was off, and none of its candidates had a price.
                return;
            }

            if (PriceTable.ReadPrices(reader, 5).Usable is { } prices)
            {
                _candidates.Add(prices);
            }
            else
            {
                _unpriced ??= new(reader.GetString(3), reader.GetString(4));
            }
        }

        public Answer<HoldQuote> ToQuote() => _unpriced is { } model
            ? new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = model }
            : new HoldQuote(_candidates, promptTokens, markupBasisPoints);
    }
}
