using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Calls;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Catalog;

/// <summary>
/// Tells Billing the prices of each snapshot until it accepts them, and walks the path of a hold once, so that the first customer's
/// call does not pay for connections and compilation. Ready when both are done.
/// </summary>
internal sealed partial class PriceAnnouncer(
    CatalogStore catalog, BillingClient billing, IOptions<BillingOptions> options, TimeProvider time, ILogger<PriceAnnouncer> logger)
    : BackgroundService, IHealthCheck
{
    // No call can have this id, and no provider this name: Billing refuses each for its own reason, having looked.
    private const string WarmUpId = "req_00000000000000000000000000";
    private const string WarmUpName = "(warm-up)";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private volatile bool _ready;
    private volatile CatalogSnapshot? _announced;
    private TaskCompletionSource _accepted = NewSignal();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_ready ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Billing has not accepted the prices yet."));

    /// <summary>Waits until Billing knows the prices of the catalogue in force.</summary>
    /// <returns>False when it does not answer in a few seconds: what is new then has no price until it does.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            for (var signal = Volatile.Read(ref _accepted); _announced != catalog.Current; signal = Volatile.Read(ref _accepted))
            {
                await signal.Task.WaitAsync(either.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var snapshot = catalog.Current; ; snapshot = await catalog.AfterAsync(snapshot, stoppingToken))
        {
            await AnnounceAsync(snapshot, stoppingToken);
            (_ready, _announced) = (true, snapshot);
            Interlocked.Exchange(ref _accepted, NewSignal()).SetResult();
        }
    }

    private async Task AnnounceAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken)
    {
        var request = Prices(snapshot);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var reply = await billing.AnnouncePricesAsync(request, cancellationToken: cancellationToken);
                if (!_ready)
                {
                    await WarmUpAsync(cancellationToken);
                }

                Log.Announced(logger, request.Prices.Count, reply.Changed);
                return;
            }
            catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Waiting(logger, e.Status.Detail);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        var hold = new HoldRequest
        {
            RequestId = WarmUpId,
            AccountId = "warm-up",
            Candidates = { new Candidate { Deployment = WarmUpName, Provider = WarmUpName, Model = WarmUpName } },
        };
        if (options.Value.Enabled)
        {
            // Otherwise no name is without a price, and the hold would be made.
            await billing.HoldAsync(hold, cancellationToken: cancellationToken);
        }

        await billing.RenewAsync(new RenewRequest { RequestId = WarmUpId }, cancellationToken: cancellationToken);
        await billing.ReleaseAsync(new ReleaseRequest { RequestId = WarmUpId }, cancellationToken: cancellationToken);
        CallWarmUp.Run();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A deployment without a price is announced too: that takes back what an earlier catalogue said of it.
    internal static AnnouncePricesRequest Prices(CatalogSnapshot snapshot)
    {
        var request = new AnnouncePricesRequest();
        request.Prices.AddRange(snapshot.Models
            .SelectMany(model => model.Deployments)
            .DistinctBy(deployment => (deployment.Provider, deployment.UpstreamModel))
            .Select(ToMessage));
        return request;
    }

    private static ModelPrice ToMessage(Deployment deployment)
    {
        var price = deployment.Prices?.ToMessage() ?? new ModelPrice { SameAs = deployment.PricedAs };
        (price.Provider, price.Model) = (deployment.Provider, deployment.UpstreamModel);
        return price;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Billing knows what the catalogue says of the prices of {Count} models; {Changed} were new.")]
        public static partial void Announced(ILogger logger, int count, int changed);

        [LoggerMessage(2, LogLevel.Warning, "Billing does not accept the prices yet: {Reason}")]
        public static partial void Waiting(ILogger logger, string reason);
    }
}
