using System.Collections.Frozen;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// What deployments cost by Billing's books, which administrators and the price file decide on beside the catalogue. Read each minute while some
/// model is spread by cost; calls are held and charged by Billing's own prices of their moment, whatever is remembered here.
/// </summary>
internal sealed partial class EffectivePrices(
    CatalogStore catalog, PricesApi.PricesApiClient billing, TimeProvider time, ILogger<EffectivePrices> logger) : BackgroundService
{
    public const string CostBased = "cost-based-routing";

    private const int Page = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private FrozenDictionary<(string Provider, string Model), ModelPrice> _known = FrozenDictionary<(string, string), ModelPrice>.Empty;

    /// <summary>Null when no price is known.</summary>
    public ModelPrice? Of(Deployment deployment)
    {
        var known = Volatile.Read(ref _known);
        return Find(deployment.Provider, deployment.UpstreamModel) ?? deployment.Prices?.ToMessage()
            ?? (deployment.PricedAs is { } other ? Find(other.Provider, other.Model) : null);

        ModelPrice? Find(string provider, string model)
        {
            var price = known.GetValueOrDefault((provider, model));
            return price?.SameAs is { } same ? known.GetValueOrDefault((same.Provider, same.Model)) : price is { HasInput: true } ? price : null;
        }
    }

    /// <exception cref="RpcException">Billing does not answer.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var prices = new Dictionary<(string, string), ModelPrice>();
        var cursor = "";
        do
        {
            var deadline = (time.GetUtcNow() + Patience).UtcDateTime;
            var reply = await billing.ListPricesAsync(
                new ListPricesRequest { State = "in_force", Limit = Page, Cursor = cursor }, deadline: deadline, cancellationToken: cancellationToken);
            foreach (var version in reply.Prices)
            {
                prices[(version.Price.Provider, version.Price.Model)] = version.Price;
            }

            cursor = reply.NextCursor;
        }
        while (cursor.Length > 0);

        Volatile.Write(ref _known, prices.ToFrozenDictionary());
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var snapshot = catalog.Current;
            if (!IsNeeded(snapshot))
            {
                await catalog.AfterAsync(snapshot, stoppingToken);
                continue;
            }

            await Task.Delay(await TryReadAsync(stoppingToken) ? Interval : RetryInterval, time, stoppingToken);
        }
    }

    private static bool IsNeeded(CatalogSnapshot snapshot) =>
        snapshot.Models.Any(model => model.Deployments.Count > 1 && (model.Strategy ?? snapshot.Router.Strategy) == CostBased);

    private async Task<bool> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
            return true;
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Unread(logger, e.Status.Detail);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing does not say what models cost; calls go by the prices known before: {Reason}")]
        public static partial void Unread(ILogger logger, string reason);
    }
}

/// <summary>What a call would cost by a price, for comparing.</summary>
internal static class PriceOfCall
{
    /// <summary>In nano-dollars times 10^6.</summary>
    public static Int128 Cost(this ModelPrice price, long promptTokens, long outputTokens)
    {
        var tier = price.Tiers.LastOrDefault(tier => promptTokens > tier.PromptTokensAbove);
        var input = tier is { HasInput: true } ? tier.Input : price.Input;
        var output = tier is { HasOutput: true } ? tier.Output : price.Output;
        return ((Int128)promptTokens * input) + ((Int128)outputTokens * output) + ((Int128)price.PerRequest * 1_000_000);
    }
}
