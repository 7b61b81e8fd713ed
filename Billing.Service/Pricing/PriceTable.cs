using System.Collections.Frozen;
using System.Text.Json;
using LlmGateway.Billing.Ledger;
using Npgsql;

namespace LlmGateway.Billing.Pricing;

/// <summary>The price versions in the database. Which of them is in force is decided there, by billing.prices_in_force.</summary>
internal sealed class PriceTable(NpgsqlDataSource database)
{
    /// <summary>What <see cref="ReadPrices"/> wants of billing.price_versions v.</summary>
    public const string Columns =
        "v.input, v.cached_input, v.cache_write, v.output, v.cache_write_1h, v.reasoning, v.per_request, v.tiers, v.same_as_provider, v.same_as_model";

    /// <summary>Writes what differs from the last that this source said of each model. Rows of one model are in the order of their time.</summary>
    /// <returns>How many versions were written.</returns>
    public async Task<int> WriteAsync(
        string source, IReadOnlyList<PriceRow> rows, Actor? actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select billing.write_prices($1, $2, $3, $4)");
        command.Parameters.AddOne(source);
        command.Parameters.Add(new NpgsqlParameter<string>
        {
            TypedValue = JsonSerializer.Serialize(rows, PricesJson.Default.IReadOnlyListPriceRow),
            NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb,
        });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)actor?.ToJson() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb });
        command.Parameters.AddOne(now);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>The models that the source has said anything about, ever.</summary>
    public async Task<IReadOnlyList<PricedModel>> ModelsOfAsync(string source, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select distinct provider, model from billing.price_versions where source = $1");
        command.Parameters.AddOne(source);
        var models = new List<PricedModel>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            models.Add(new(reader.GetString(0), reader.GetString(1)));
        }

        return models;
    }

    public async Task<long> NewestAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("select coalesce(max(id), 0) from billing.price_versions");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <param name="at">The moment that it is read for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="number">The newest version that was known then; null for all there are.</param>
    public async Task<PriceBook> ReadBookAsync(DateTimeOffset at, CancellationToken cancellationToken, long? number = null)
    {
        // One statement, and so one state of the table. The first row is the book's own.
        await using var command = database.CreateCommand(
            $"""
            select b.number, b.until, f.provider, f.model, v.id, {Columns}
            from (select coalesce($2, max(id), 0) as number, min(effective_from) filter (where effective_from > greatest($1, created_at)) as until
                  from billing.price_versions) b
            left join lateral billing.prices_in_force(b.number, $1) f on true
            left join billing.price_versions v on v.id = f.version
            """);
        command.Parameters.AddOne(at);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)number ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        var (newest, until) = (0L, DateTimeOffset.MaxValue);
        var prices = new Dictionary<PricedModel, TokenPrices>();
        var versions = new Dictionary<PricedModel, long>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            newest = reader.GetInt64(0);
            until = reader.IsDBNull(1) ? DateTimeOffset.MaxValue : reader.GetFieldValue<DateTimeOffset>(1);
            if (!reader.IsDBNull(4) && ReadPrices(reader, 5).Usable is { } usable)
            {
                var model = new PricedModel(reader.GetString(2), reader.GetString(3));
                (prices[model], versions[model]) = (usable, reader.GetInt64(4));
            }
        }

        return new(newest, at, until, prices.ToFrozenDictionary(), versions.ToFrozenDictionary());
    }

    /// <summary>From a row with <see cref="Columns"/>, from this one on.</summary>
    public static AnnouncedPrices ReadPrices(NpgsqlDataReader reader, int first)
    {
        return new(Price(0), Price(1), Price(2), Price(3))
        {
            CacheWrite1h = Price(4),
            Reasoning = Price(5),
            PerRequest = Price(6),
            Tiers = Text(7) is { } tiers ? JsonSerializer.Deserialize(tiers, PricesJson.Default.ImmutableArrayPriceTier) : [],
            SameAs = Text(8) is { } provider ? new(provider, reader.GetString(first + 9)) : null,
        };

        long? Price(int column) => reader.IsDBNull(first + column) ? null : reader.GetInt64(first + column);

        string? Text(int column) => reader.IsDBNull(first + column) ? null : reader.GetString(first + column);
    }
}
