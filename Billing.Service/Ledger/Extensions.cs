using LlmGateway.Billing.Pricing;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>
/// Holds that grow while their call runs. Priced by the book, the markup and the candidates of the moment of the hold, which never change
/// and so are read without a lock; decided by the database, in one statement under the account's lock.
/// </summary>
internal sealed class Extensions(NpgsqlDataSource database, BillingMetrics metrics)
{
    private const string TermsSql =
        """
        select h.prompt_tokens, h.markup_basis_points, c.provider, c.model, v.input, v.cached_input, v.cache_write, v.output
        from billing.holds h
        cross join lateral jsonb_to_recordset(h.candidates) c (provider text, model text)
        left join lateral (
            select p.* from billing.price_versions p
            where p.provider = c.provider and p.model = c.model and p.id <= h.price_book
            order by p.id desc limit 1) v on true
        where h.request_id = $1
        """;

    /// <param name="requestId">The hold.</param>
    /// <param name="outputTokens">The whole output bound that it is to cover.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <returns>
    /// The hold as it stands: grown, or as it was when that covers the bound. A refusal leaves it as it was;
    /// <see cref="LedgerRefusal.Required"/> is then what it would have needed on top.
    /// </returns>
    public async Task<Answer<GrantedHold>> ExtendAsync(string requestId, long outputTokens, CancellationToken cancellationToken)
    {
        var answer = await DecideAsync(requestId, outputTokens, cancellationToken);
        metrics.ExtensionDecided(answer.Refusal?.Reason);
        return answer;
    }

    private async Task<Answer<GrantedHold>> DecideAsync(string requestId, long outputTokens, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var (quote, refusal) = await QuoteAsync(connection, requestId, cancellationToken);
        if (quote is null)
        {
            return refusal!;
        }

        var amount = quote.Amount(outputTokens);
        var row = (await ExtendStatement.ExecuteAsync(connection, [new(requestId, amount, outputTokens)], cancellationToken))[0];
        return row switch
        {
            null => new LedgerRefusal(LedgerRefusalReason.UnknownHold),
            { Outcome: ExtendOutcome.Held } => new GrantedHold(row.Amount, row.OutputTokens, row.ExpiresAt),
            { Outcome: ExtendOutcome.Closed } => new LedgerRefusal(LedgerRefusalReason.ClosedHold),
            _ => new LedgerRefusal(LedgerRefusalReason.InsufficientBalance)
            {
                Required = amount - row.Amount,
                Balance = row.Balance,
                Held = row.Held,
            },
        };
    }

    private static async Task<Answer<HoldQuote>> QuoteAsync(
        NpgsqlConnection connection, string requestId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TermsSql, connection);
        command.Parameters.AddOne(requestId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var candidates = new List<TokenPrices>();
        var (promptTokens, markup) = (0L, 0);
        while (await reader.ReadAsync(cancellationToken))
        {
            (promptTokens, markup) = (reader.GetInt64(0), reader.GetInt32(1));
            if (AnnouncedPrices.Read(reader, 4).Usable is not { } prices)
            {
                return new LedgerRefusal(LedgerRefusalReason.PriceUnknown) { Model = new(reader.GetString(2), reader.GetString(3)) };
            }

            candidates.Add(prices);
        }

        return candidates.Count > 0
            ? new HoldQuote(candidates, promptTokens, markup)
            : new LedgerRefusal(LedgerRefusalReason.UnknownHold);
    }
}
