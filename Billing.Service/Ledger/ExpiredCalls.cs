using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Npgsql;

namespace LlmGateway.Billing.Ledger;

/// <summary>What becomes of holds whose calls are gone without a word.</summary>
internal enum ExpiredHolds
{
    /// <summary>The money goes back. What a provider may bill for the call is the platform's.</summary>
    Release,

    /// <summary>The call is charged as if it had used all that was held for it, until it is told what it did use.</summary>
    Settle,
}

/// <summary>
/// The settlements of calls that nobody settled: the whole of their bounds, at the candidate for which that is dearest, marked as estimated.
/// A settlement or release that comes later all the same corrects the charge.
/// </summary>
internal static class ExpiredCalls
{
    // Line by line, as the terms of settlements are.
    private const string Sql =
        $"""
        select u.item, h.prompt_tokens, h.output_tokens, h.bounded, h.markup_basis_points, h.created_at, c.provider, c.model, v.id, {PriceTable.Columns}
        from unnest($1) with ordinality u (request_id, item)
        cross join lateral (select x.* from billing.holds x where x.request_id = u.request_id limit 1) h
        cross join lateral jsonb_to_recordset(h.candidates) c (provider text, model text)
        cross join lateral (
            select p.* from billing.price_versions p
            where p.id = billing.call_price(h.candidates, h.price_book, h.created_at, c.provider, c.model) limit 1) v
        """;

    /// <returns>A line for each hold that has a price: those that were made with billing off may have none.</returns>
    public static async Task<IReadOnlyList<SettleLine>> PriceAsync(
        NpgsqlConnection connection, string[] requestIds, BillingOptions options, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddTexts(requestIds, requestId => requestId);

        var dearest = new SettleLine?[requestIds.Length];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var item = (int)reader.GetInt64(0) - 1;
            if (PriceTable.ReadPrices(reader, 9).Usable is { } prices)
            {
                var line = Price(requestIds[item], prices, reader, options, now);
                dearest[item] = dearest[item] is { } other && other.ProviderCost >= line.ProviderCost ? other : line;
            }
        }

        return [.. dearest.OfType<SettleLine>()];
    }

    /// <summary>In the transaction that expired them. They are remembered as assumed.</summary>
    public static async Task<IReadOnlyList<SettledCall?>> ChargeAsync(
        NpgsqlConnection connection, IReadOnlyList<SettleLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
        {
            return [];
        }

        var charged = await SettleStatement.ExecuteAsync(connection, lines, now, cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            insert into billing.assumed_charges (request_id, account_id, created_at)
            select h.request_id, h.account_id, $2 from billing.holds h where h.request_id = any ($1)
            """,
            connection);
        command.Parameters.AddTexts(lines, line => line.Call.RequestId);
        command.Parameters.AddOne(now);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return charged;
    }

    private static SettleLine Price(string requestId, TokenPrices prices, NpgsqlDataReader reader, BillingOptions options, DateTimeOffset now)
    {
        // What an estimate covers is less than the call's bound.
        var output = reader.GetBoolean(3) ? reader.GetInt64(2) : Math.Min(reader.GetInt64(2), options.EstimatedOutputTokens);
        var usage = new TokenUsage(reader.GetInt64(1), 0, 0, output);
        var (heldAt, model) = (reader.GetFieldValue<DateTimeOffset>(5), new PricedModel(reader.GetString(6), reader.GetString(7)));
        var total = (int)Math.Clamp((now - heldAt).TotalMilliseconds, 0, int.MaxValue);
        var call = new UsedCall(
            requestId, model, Deployment: "-", RequestedModel: model.Model, usage, ReasoningTokens: 0, Estimated: true, heldAt, 0, total, "[]")
        {
            Ending = Ending.Broken,
        };
        var cost = CallCost.Of(prices, usage, reader.GetInt32(4), free: false);
        var version = reader.GetInt64(8);
        return new(call, Least(cost.Price), version)
        {
            ProviderCosts = [new(Attempt: 0, model, call.Deployment, usage, version, Least(cost.ProviderCost))],
        };

        static NanoUsd Least(NanoUsd amount) => amount < CallCost.Highest ? amount : CallCost.Highest;
    }
}
