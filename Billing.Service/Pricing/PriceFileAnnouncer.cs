using Microsoft.Extensions.Options;

namespace LlmGateway.Billing.Pricing;

/// <summary>Makes the price file's prices known at start. What the file said before and says still is not written again.</summary>
internal sealed partial class PriceFileAnnouncer(
    PriceTable table, Prices prices, IOptions<BillingOptions> options, ILogger<PriceFileAnnouncer> logger) : IHostedService
{
    public static string Shipped => Path.Combine(AppContext.BaseDirectory, "prices.json");

    /// <exception cref="PriceFileException">The file is not valid.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var path = options.Value.PricesFile.Length > 0 ? options.Value.PricesFile : Shipped;
        var rows = PriceFile.Read(path);
        var changed = await AnnounceAsync(rows, cancellationToken);
        Log.Announced(logger, rows.Count, path, changed);
    }

    /// <summary>Models that the file no longer has lose the price that it gave them.</summary>
    internal async Task<int> AnnounceAsync(IReadOnlyList<PriceRow> rows, CancellationToken cancellationToken)
    {
        var said = rows.Select(row => new PricedModel(row.Provider, row.Model)).ToHashSet();
        var gone = (await table.ModelsOfAsync(PriceSource.File, cancellationToken)).Where(model => !said.Contains(model));
        return await prices.WriteAsync(
            PriceSource.File, [.. rows, .. gone.Select(model => PriceRow.Now(model, AnnouncedPrices.None))], cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} prices are in {Path}; {Changed} were new.")]
        public static partial void Announced(ILogger logger, int count, string path, int changed);
    }
}
