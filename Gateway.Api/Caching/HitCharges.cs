using System.Threading.Channels;
using Grpc.Core;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Health;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace LlmGateway.Gateway.Caching;

/// <summary>Tells Billing of hits, once each by their request ids.</summary>
/// <remarks>
/// 1. A hit that costs nothing waits for nobody: it is recorded behind the answer's back, after an outage of Billing too.
/// 2. One that costs is charged first. What Billing refuses is no hit: the call goes to Routing, whose hold says why.
/// 3. While Billing is known to be away, one that costs is no hit either, and Routing refuses it. The first one that gets no answer may
///    have been charged; it is given, and told until Billing has decided, so that nobody pays for what he did not get.
/// </remarks>
internal sealed partial class HitCharges(
    BillingApi.BillingApiClient billing, IOptions<BillingOptions> options, ResponseCacheMetrics metrics, TimeProvider time, ILogger<HitCharges> logger)
    : BackgroundService
{
    private const int MostWaiting = 10_000;

    // Shorter than a hold's: who waits here gets no answer that could not be had from a provider.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AtStop = TimeSpan.FromSeconds(2);

    // Null asks only whether Billing is back.
    private readonly Channel<ChargeCacheHitRequest?> _waiting = Channel.CreateBounded<ChargeCacheHitRequest?>(MostWaiting);
    private readonly long _price = options.Value.Enabled ? (long)(options.Value.CacheHitPrice * 1_000_000_000m) : 0;
    private volatile bool _isAway;

    /// <returns>What it costs, in nano-dollars; null: it may not be given.</returns>
    public async ValueTask<long?> ChargeAsync(Caller caller, string requestId, CachedAnswer answer)
    {
        var hit = new ChargeCacheHitRequest
        {
            RequestId = requestId,
            AccountId = caller.AccountId,
            KeyId = caller.KeyId,
            SourceRequestId = answer.SourceRequestId,
            Limits = caller.Limits.ToQuotas(),
        };
        if (_price == 0)
        {
            Later(hit);
            return 0;
        }

        return _isAway ? null : await ChargeAsync(hit, answer);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.Complete();
        await Task.WhenAny(ExecuteTask ?? Task.CompletedTask, Task.Delay(AtStop, time, cancellationToken));
        await base.StopAsync(cancellationToken);
        if (_waiting.Reader.Count > 0)
        {
            metrics.Unrecorded(_waiting.Reader.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var hit in _waiting.Reader.ReadAllAsync(stoppingToken))
        {
            while (!await IsDecidedAsync(hit))
            {
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task<long?> ChargeAsync(ChargeCacheHitRequest hit, CachedAnswer answer)
    {
        try
        {
            var reply = await billing.ChargeCacheHitAsync(hit, deadline: Deadline());
            return reply.Hit?.CostNanoUsd;
        }
        catch (RpcException exception) when (IsDecided(exception))
        {
            Log.NotTaken(logger, hit.RequestId, exception.StatusCode);
            return null;
        }
        catch (RpcException exception)
        {
            _isAway = true;
            if (RetryPushback.IsNotAgain(exception.Trailers))
            {
                // Billing has lost its database, and did not look at it.
                Later(null);
                return null;
            }

            Later(hit);
            return Math.Min(_price, answer.Events[^1].Ended.CostNanoUsd);
        }
    }

    private async Task<bool> IsDecidedAsync(ChargeCacheHitRequest? hit)
    {
        try
        {
            await TellAsync(hit);
        }
        catch (RpcException exception) when (IsDecided(exception))
        {
            Log.NotTaken(logger, hit?.RequestId ?? "", exception.StatusCode);
            metrics.Unrecorded(1);
        }
        catch (RpcException)
        {
            _isAway = true;
            return false;
        }

        _isAway = false;
        return true;
    }

    private async Task TellAsync(ChargeCacheHitRequest? hit)
    {
        if (hit is null)
        {
            await billing.PingAsync(new(), deadline: Deadline());
        }
        else if (await billing.ChargeCacheHitAsync(hit, deadline: Deadline()) is { Refusal: { } refusal })
        {
            Log.Refused(logger, hit.RequestId, refusal.Reason);
        }
    }

    private void Later(ChargeCacheHitRequest? hit)
    {
        if (!_waiting.Writer.TryWrite(hit))
        {
            metrics.Unrecorded(1);
        }
    }

    private DateTime Deadline() => time.GetUtcNow().UtcDateTime + Patience;

    // Asking again would be answered the same.
    private static bool IsDecided(RpcException exception) => exception.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Billing does not take the hit {RequestId} of the response cache ({StatusCode}).")]
        public static partial void NotTaken(ILogger logger, string requestId, StatusCode statusCode);

        [LoggerMessage(2, LogLevel.Information, "The hit {RequestId} of the response cache was not charged: {Reason}.")]
        public static partial void Refused(ILogger logger, string requestId, RefusalReason reason);
    }
}
