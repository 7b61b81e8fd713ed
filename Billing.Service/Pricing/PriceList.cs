using LlmGateway.Billing.Ledger;
using Npgsql;
using NpgsqlTypes;

namespace LlmGateway.Billing.Pricing;

/// <summary>One version as it stands now.</summary>
internal sealed record ListedPrice(
    long Id, PricedModel Model, string Source, string State, DateTimeOffset EffectiveFrom, string? SourceName, string? AsOf,
    DateTimeOffset CreatedAt, Actor? Actor, AnnouncedPrices Prices);

/// <summary>Which versions to list; null is all.</summary>
internal sealed record ListedPrices(string? Provider, string? Model, string? State, long? Before = null, long? Id = null);

/// <summary>What there is of price versions, and an administrator's own.</summary>
internal sealed class PriceList(NpgsqlDataSource database, Prices prices, TimeProvider time)
{
    // The rule is that of billing.prices_in_force, seen from a version.
    private const string Sql =
        $"""
        select * from (
            select v.id, v.provider, v.model, v.source, v.effective_from, v.source_name, v.as_of, v.created_at, v.actor,
                case
                    when exists (
                        select from billing.price_versions later
                        where later.provider = v.provider and later.model = v.model and later.source = v.source and later.id > v.id
                            and (later.effective_from <= v.effective_from or later.effective_from <= greatest($1, later.created_at)))
                        then 'past'
                    when v.effective_from > greatest($1, v.created_at) then 'planned'
                    when (v.input is null or v.output is null) and v.same_as_model is null then 'withdrawn'
                    when exists (
                        select from (
                            select distinct on (o.source) o.* from billing.price_versions o
                            where o.provider = v.provider and o.model = v.model and o.effective_from <= greatest($1, o.created_at)
                            order by o.source, o.id desc) other
                        where (other.input is not null and other.output is not null or other.same_as_model is not null)
                            and array_position(array['administrator', 'catalogue', 'file'], other.source)
                                < array_position(array['administrator', 'catalogue', 'file'], v.source))
                        then 'overridden'
                    else 'in_force'
                end as state, {PriceTable.Columns}
            from billing.price_versions v
            where ($2::text is null or v.provider = $2) and ($3::text is null or v.model = $3)
                and ($4::bigint is null or v.id < $4) and ($5::bigint is null or v.id = $5)) listed
        where $6::text is null or state = $6
        order by id desc limit $7
        """;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<ListedPrice>> ListAsync(ListedPrices which, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sql);
        command.Parameters.AddOne(time.GetUtcNow());
        Add(command, which.Provider, NpgsqlDbType.Text);
        Add(command, which.Model, NpgsqlDbType.Text);
        Add(command, which.Before, NpgsqlDbType.Bigint);
        Add(command, which.Id, NpgsqlDbType.Bigint);
        Add(command, which.State, NpgsqlDbType.Text);
        command.Parameters.AddOne(most);
        var listed = new List<ListedPrice>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            listed.Add(new(
                reader.GetInt64(0), new(reader.GetString(1), reader.GetString(2)), reader.GetString(3), reader.GetString(9),
                reader.GetFieldValue<DateTimeOffset>(4), Text(5), Text(6), reader.GetFieldValue<DateTimeOffset>(7),
                Text(8) is { } actor ? Actor.FromJson(actor) : null, PriceTable.ReadPrices(reader, 10)));
        }

        return listed;

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    /// <summary>Writes an administrator's price and gives it back as it stands; the last one said again is left as it is.</summary>
    public async Task<ListedPrice?> SetAsync(
        PricedModel model, AnnouncedPrices stated, DateTimeOffset? from, string? sourceName, Actor? actor, CancellationToken cancellationToken)
    {
        var row = PriceRow.Now(model, stated) with
        {
            EffectiveFrom = from,
            SourceName = sourceName,
            ContentHash = PriceRow.Hash($"{stated.Content} {from?.UtcDateTime:O}"),
        };
        await prices.WriteAsync(PriceSource.Administrator, [row], cancellationToken, actor);
        var newest = await ListAsync(new(model.Provider, model.Model, State: null), most: 50, cancellationToken);
        return newest.FirstOrDefault(version => version.Source == PriceSource.Administrator);
    }

    private static void Add<T>(NpgsqlCommand command, T? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = type });
}
