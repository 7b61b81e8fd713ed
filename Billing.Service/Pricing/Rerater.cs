using LlmGateway.Billing.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Pricing;

/// <summary>Charges to price again.</summary>
/// <param name="After">The last charge seen, by time and request id.</param>
internal sealed record ReratedPeriod(
    DateTimeOffset From, DateTimeOffset To, PricedModel? Model, bool DryRun, (DateTimeOffset At, string RequestId)? After);

/// <summary>What came of it, in nano-dollars.</summary>
internal sealed record Rerated(
    long Examined, long Adjusted, long Charged, long GivenBack, long WrittenOff, long Unpriced, (DateTimeOffset At, string RequestId)? Next,
    long Refunded = 0);

/// <summary>
/// Prices charges again by the prices in force now, page by page, each page in one transaction. A charge that was refunded, whole or
/// in part, stays as it is: what was given back was reckoned from the cost as it stood. So does one whose assumed usage was corrected.
/// </summary>
internal sealed class Rerater(NpgsqlDataSource database, Prices prices, TimeProvider time)
{
    public const int MostCharges = 5000;

    // Its accounts stay locked until the commit, and calls of theirs share statements with others' calls: few at a time.
    private const int Page = 25;

    private const string PageSql =
        """
        select c.created_at, c.request_id, c.provider, c.model, c.markup_basis_points, c.input_tokens, c.cached_input_tokens,
            c.cache_write_tokens, c.output_tokens, c.cache_write_1h_tokens, c.reasoning_tokens, coalesce(r.id, 0),
            coalesce(r.cost, c.cost), coalesce(r.provider_cost, c.provider_cost),
            exists (select from billing.bookings b where b.request_id = c.request_id),
            c.free, c.ending = 'failed', c.wasted_price, c.wasted_cost,
            exists (select from billing.assumed_charges a where a.request_id = c.request_id and a.corrected_at is not null)
        from billing.charges c
        left join lateral (
            select x.* from billing.reratings x where x.request_id = c.request_id order by x.id desc limit 1) r on true
        where (c.created_at, c.request_id) > ($1, $2) and c.created_at < $3
            and ($4::text is null or c.provider = $4 and c.model = $5)
        order by c.created_at, c.request_id limit $6
        """;

    public async Task<Rerated> RunAsync(ReratedPeriod period, CancellationToken cancellationToken)
    {
        await prices.RefreshAsync(cancellationToken);
        var book = prices.Current;
        var total = new Rerated(0, 0, 0, 0, 0, 0, period.After ?? (period.From, ""));
        while (total.Next is { } after)
        {
            if (total.Examined >= MostCharges)
            {
                return total;
            }

            var charges = await ReadAsync(period, after, cancellationToken);
            total = total with
            {
                Examined = total.Examined + charges.Count,
                Refunded = total.Refunded + charges.Count(charge => charge.Refunded),
                Unpriced = total.Unpriced + charges.Count(charge => !book.Prices.ContainsKey(charge.Model)),
                Next = charges.Count == Page ? (charges[^1].At, charges[^1].RequestId) : null,
            };
            var lines = charges.Select(charge => charge.ToLine(book)).OfType<RerateLine>().ToArray();
            total = Add(total, period.DryRun ? [.. lines.Select(Foreseen)] : await RerateStatement.ExecuteAsync(database, lines, time.GetUtcNow(), cancellationToken));
        }

        return total;
    }

    private static Rerated Add(Rerated total, IReadOnlyList<RerateRow> rows)
    {
        foreach (var row in rows)
        {
            total = total with
            {
                Adjusted = total.Adjusted + 1,
                Charged = checked(total.Charged + Math.Max(row.More, 0)),
                GivenBack = checked(total.GivenBack + Math.Max(row.Amount, 0)),
                WrittenOff = checked(total.WrittenOff + Math.Max(row.WrittenOff, 0)),
            };
        }

        return total;
    }

    // What a balance does not cover is only known once it is asked.
    private static RerateRow Foreseen(RerateLine line) => new(line.More, -line.More, 0);

    private async Task<List<ChargedCall>> ReadAsync(
        ReratedPeriod period, (DateTimeOffset At, string RequestId) after, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(PageSql);
        command.Parameters.AddOne(after.At);
        command.Parameters.AddOne(after.RequestId);
        command.Parameters.AddOne(period.To);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)period.Model?.Provider ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)period.Model?.Model ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.AddOne(Page);
        var charges = new List<ChargedCall>(Page);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            charges.Add(new(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1), new(reader.GetString(2), reader.GetString(3)), reader.GetInt32(4),
                new(reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8))
                {
                    CacheWrite1h = reader.GetInt64(9),
                    Reasoning = reader.GetInt64(10),
                },
                reader.GetInt64(11), new(reader.GetInt64(12)), new(reader.GetInt64(13)), reader.GetBoolean(14))
            {
                Free = reader.GetBoolean(15),
                Failed = reader.GetBoolean(16),
                Wasted = new(new(reader.GetInt64(17)), new(reader.GetInt64(18))),
                Corrected = reader.GetBoolean(19),
            });
        }

        return charges;
    }

    /// <param name="Previous">The last rerating's id, or 0; cost and provider cost are as it left them.</param>
    private sealed record ChargedCall(
        DateTimeOffset At, string RequestId, PricedModel Model, int Markup, TokenUsage Usage, long Previous, NanoUsd Cost, NanoUsd ProviderCost,
        bool Refunded)
    {
        /// <summary>The customer does not pay for the answer.</summary>
        public bool Free { get; init; }

        /// <summary>There was no answer.</summary>
        public bool Failed { get; init; }

        /// <summary>What other attempts cost. Their tokens are not kept, so that it stays as it was.</summary>
        public CallCost Wasted { get; init; }

        /// <summary>What the call used came after its charge, which has the tokens that were assumed.</summary>
        public bool Corrected { get; init; }

        /// <summary>Null where nothing is to be changed.</summary>
        public RerateLine? ToLine(PriceBook book)
        {
            if (Refunded || Corrected || !book.Prices.TryGetValue(Model, out var prices))
            {
                return null;
            }

            var priced = Wasted + (Failed ? default : CallCost.Of(prices, Usage, Markup, Free));
            var (cost, providerCost) = priced;
            return priced.IsTooHigh || (cost == Cost && providerCost == ProviderCost)
                ? null
                : new(RequestId, Previous, book.Versions[Model], cost, providerCost, (cost - Cost).Value);
        }
    }
}
