using LlmGateway.Billing.Ledger;

namespace LlmGateway.Billing.Pricing;

/// <summary>
/// The price book in memory. A replica learns of another's prices within <see cref="BillingOptions.PriceRefreshSeconds"/>, and at
/// once when a hold asks for a price that it does not know. A planned price is in force from its moment on, to the tick.
/// </summary>
internal sealed partial class Prices(PriceTable table, TimeProvider time, ILogger<Prices> logger) : IDisposable
{
    private readonly SemaphoreSlim _asking = new(1, 1);
    private readonly Lock _replacing = new();
    private PriceBook _book = PriceBook.Empty;

    public PriceBook Current => Volatile.Read(ref _book);

    /// <returns>
    /// The book of the moment with all of the models; a book of now, without a moment or should that one lack any; or the first model that
    /// has no price now.
    /// </returns>
    public async Task<(PriceBook Book, PricedModel? Unknown)> FindAsync(
        IReadOnlyList<PricedModel> models, PriceMoment? moment, CancellationToken cancellationToken)
    {
        if (moment is { } then)
        {
            var book = await table.ReadBookAsync(then.At, cancellationToken, then.Book);
            if (FirstUnknown(book, models) is null)
            {
                return (book, null);
            }
        }

        return await FindAsync(models, cancellationToken);
    }

    /// <returns>A book of this moment with all of the models, or the first one that has no price.</returns>
    public async Task<(PriceBook Book, PricedModel? Unknown)> FindAsync(
        IReadOnlyList<PricedModel> models, CancellationToken cancellationToken)
    {
        var book = Current;
        if (IsOfNow(book) && FirstUnknown(book, models) is null)
        {
            return (book, null);
        }

        // One at a time: of many calls that miss the same price, the first one fetches it.
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (!IsOfNow(Current) || FirstUnknown(Current, models) is not null)
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

    /// <summary>What the catalogue says. A model without any price takes the catalogue's last one back.</summary>
    /// <returns>How many versions were written.</returns>
    public Task<int> AnnounceAsync(
        IReadOnlyCollection<KeyValuePair<PricedModel, AnnouncedPrices>> announced, CancellationToken cancellationToken) =>
        WriteAsync(PriceSource.Catalogue, [.. announced.Select(line => PriceRow.Now(line.Key, line.Value))], cancellationToken);

    /// <param name="source">Whose prices they are.</param>
    /// <param name="rows">What it says.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="actor">The administrator, where it is one's.</param>
    public async Task<int> WriteAsync(string source, IReadOnlyList<PriceRow> rows, CancellationToken cancellationToken, Actor? actor = null)
    {
        var changed = await table.WriteAsync(source, rows, actor, time.GetUtcNow(), cancellationToken);
        if (changed > 0)
        {
            Log.Changed(logger, changed, source);
        }

        await RefreshAsync(cancellationToken);
        return changed;
    }

    /// <summary>Reads the book again if there is a newer version than those in it, or if a planned one has begun.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (!IsOfNow(Current) || await table.NewestAsync(cancellationToken) > Current.Number)
        {
            Replace(await table.ReadBookAsync(time.GetUtcNow(), cancellationToken));
        }
    }

    public void Dispose() => _asking.Dispose();

    private bool IsOfNow(PriceBook book) => time.GetUtcNow() < book.Until;

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
            if (book.Number > _book.Number || (book.Number == _book.Number && book.From > _book.From))
            {
                Volatile.Write(ref _book, book);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} prices changed, by the {Source}.")]
        public static partial void Changed(ILogger logger, int count, string source);
    }
}
