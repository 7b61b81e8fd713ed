using System.Collections.Concurrent;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Moves the expiry of every running call's hold, so that a hold that is not moved any more has no call: after a crash it expires.
/// </summary>
internal sealed partial class HoldRenewer(BillingClient billing, IOptions<BillingOptions> options, TimeProvider time, ILogger<HoldRenewer> logger)
    : BackgroundService
{
    private const int AtOnce = 16;

    // However far the clocks are apart.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);

    // Each change of the period begins a new one: holds that differ by milliseconds are to ask for the same.
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly Lock _setting = new();
    private readonly ConcurrentDictionary<string, TimeSpan> _running = new();
    private readonly PeriodicTimer _timer = new(options.Value.RenewInterval, time);

    /// <summary>The time between two rounds: what the shortest of the running holds asks for.</summary>
    internal TimeSpan Period => _timer.Period;

    /// <summary>Keeps a hold alive until the result is disposed.</summary>
    public IDisposable Keep(HeldCall held)
    {
        var wanted = Wanted(held.ExpiresAt);
        _running[held.RequestId] = wanted;
        if (wanted < _timer.Period)
        {
            SetPeriod();
        }

        return new Kept(this, held.RequestId);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _timer.WaitForNextTickAsync(stoppingToken))
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(_running.Keys, parallel, async (id, token) => await RenewAsync(id, token));
            SetPeriod();
        }
    }

    public override void Dispose()
    {
        _timer.Dispose();
        base.Dispose();
    }

    // Billing decides how long a hold lives: there is time for two renewals that fail.
    private TimeSpan Wanted(DateTimeOffset expiresAt)
    {
        var third = (expiresAt - time.GetUtcNow()) / 3;
        return third > Shortest ? third - new TimeSpan(third.Ticks % Step.Ticks) : Shortest;
    }

    // By the holds that run now: one that is over, however short it was or seemed by this clock, hurries nobody any more.
    private void SetPeriod()
    {
        lock (_setting)
        {
            var wanted = options.Value.RenewInterval;
            foreach (var (_, third) in _running)
            {
                wanted = third < wanted ? third : wanted;
            }

            if (_timer.Period != wanted)
            {
                _timer.Period = wanted;
            }
        }
    }

    private async Task RenewAsync(string requestId, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await billing.RenewAsync(new RenewRequest { RequestId = requestId }, cancellationToken: cancellationToken);
            if (reply.OutcomeCase == RenewReply.OutcomeOneofCase.Refusal && _running.ContainsKey(requestId))
            {
                Log.Gone(logger, requestId, reply.Refusal.Reason);
            }
        }
        catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
        {
            // A hold outlives several missed renewals.
            Log.Failed(logger, requestId, e.Status.Detail);
        }
    }

    private sealed class Kept(HoldRenewer renewer, string requestId) : IDisposable
    {
        public void Dispose() => renewer._running.TryRemove(requestId, out _);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The hold of {RequestId} cannot be renewed, and its call still runs: {Reason}.")]
        public static partial void Gone(ILogger logger, string requestId, RefusalReason reason);

        [LoggerMessage(2, LogLevel.Warning, "The hold of {RequestId} was not renewed this time: {Reason}")]
        public static partial void Failed(ILogger logger, string requestId, string reason);
    }
}
