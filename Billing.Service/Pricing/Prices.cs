using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using LlmGateway.Billing.Ledger;
using Npgsql;

namespace LlmGateway.Billing.Pricing;

/// <summary>
/// The price book in memory, and its versions in the database. A replica learns of another's announcement within
/// <see cref="BillingOptions.PriceRefreshSeconds"/>, and at once when a hold asks for a price that it does not know.
/// </summary>
internal sealed partial class Prices(NpgsqlDataSource database, TimeProvider time, ILogger<Prices> logger) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly Lock _replacing = new();
    private PriceBook _book = PriceBook.Empty;

    public PriceBook Current => Volatile.Read(ref _book);

    /// <returns>A book with all of the models, or the first one that has no price.</returns>
    public async Task<(PriceBook Book, PricedModel? Unknown)> FindAsync(
        IReadOnlyList<PricedModel> models, CancellationToken cancellationToken)
    {
        var book = Current;
        if (FirstUnknown(book, models) is null)
        {
            return (book, null);
        }

        // One at a time: of many calls that miss the same price, the first one fetches it.
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (FirstUnknown(Current, models) is not null)
            {
                await RefreshAsync(cancellationToken);
            }

            book = Current;
            return (book, FirstUnknown(book, models));
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <returns>How many versions were written.</returns>
    public async Task<int> AnnounceAsync(
        IReadOnlyCollection<KeyValuePair<PricedModel, AnnouncedPrices>> announced, CancellationToken cancellationToken)
    {
        var lines = announced.ToList();
        await using var command = database.CreateCommand("select billing.announce_prices($1, $2, $3, $4, $5, $6, $7, $8)");
        command.Parameters.AddTexts(lines, line => line.Key.Provider);
        command.Parameters.AddTexts(lines, line => line.Key.Model);
        command.Parameters.AddLongs(lines, line => line.Value.Input);
        command.Parameters.AddLongs(lines, line => line.Value.CachedInput);
        command.Parameters.AddLongs(lines, line => line.Value.CacheWrite);
        command.Parameters.AddLongs(lines, line => line.Value.Output);
        command.Parameters.AddTexts(lines, line => ContentHash(line.Value));
        command.Parameters.AddOne(time.GetUtcNow());
        var changed = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (changed > 0)
        {
            Log.Changed(logger, changed);
        }

        await RefreshAsync(cancellationToken);
        return changed;
    }

    /// <summary>Reads the book again if there is a newer version than those in it.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await using var newest = database.CreateCommand("select coalesce(max(id), 0) from billing.price_versions");
        if ((long)(await newest.ExecuteScalarAsync(cancellationToken))! > Current.Number)
        {
            Replace(await ReadAsync(cancellationToken));
        }
    }

    public void Dispose() => _asking.Dispose();

    private static PricedModel? FirstUnknown(PriceBook book, IReadOnlyList<PricedModel> models)
    {
        foreach (var model in models)
        {
            if (!book.Prices.ContainsKey(model))
            {
                return model;
            }
        }

        return null;
    }

    // Two refreshes may overlap: the book never goes back.
    private void Replace(PriceBook book)
    {
        lock (_replacing)
        {
            if (book.Number > _book.Number)
            {
                Volatile.Write(ref _book, book);
            }
        }
    }

    private async Task<PriceBook> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            select distinct on (provider, model) provider, model, id, input, cached_input, cache_write, output
            from billing.price_versions order by provider, model, id desc
            """);
        var number = 0L;
        var prices = new Dictionary<PricedModel, TokenPrices>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            number = Math.Max(number, reader.GetInt64(2));
            if (AnnouncedPrices.Read(reader, 3).Usable is { } usable)
            {
                prices[new(reader.GetString(0), reader.GetString(1))] = usable;
            }
        }

        return new(number, prices.ToFrozenDictionary());
    }

    // "2500000000|1250000000||10000000000": a kind without a price is empty, which an explicit 0 is not.
    private static string ContentHash(AnnouncedPrices prices) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{prices.Input}|{prices.CachedInput}|{prices.CacheWrite}|{prices.Output}"))));

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} prices changed.")]
        public static partial void Changed(ILogger logger, int count);
    }
}
