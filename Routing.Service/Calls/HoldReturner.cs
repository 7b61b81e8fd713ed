using System.Collections.Concurrent;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Gives back holds of calls that were refused because Billing did not answer: it may have made them all the same. Each is released
/// twice, seconds apart, because the first may come before the hold that it is for, and do nothing.
/// </summary>
internal sealed partial class HoldReturner(BillingClient billing, TimeProvider time, ILogger<HoldReturner> logger) : BackgroundService
{
    private const int Releases = 2;

    // What is not released then, or beyond so many, expires by itself.
    private const int MostRounds = 60;
    private const int MostHolds = 10_000;
    private const int AtOnce = 16;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Progress> _unsure = new();

    /// <summary>To be called when nobody knows whether the hold was made.</summary>
    public void Return(string requestId)
    {
        if (_unsure.Count < MostHolds)
        {
            _unsure.TryAdd(requestId, new Progress(Rounds: 0, Released: 0));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(_unsure, parallel, async (hold, token) => await ReleaseAsync(hold.Key, hold.Value, token));
        }
    }

    private async Task ReleaseAsync(string requestId, Progress progress, CancellationToken cancellationToken)
    {
        var next = progress with { Rounds = progress.Rounds + 1 };
        try
        {
            await billing.ReleaseAsync(new ReleaseRequest { RequestId = requestId }, cancellationToken: cancellationToken);
            next = next with { Released = next.Released + 1 };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (next.Rounds >= MostRounds)
            {
                Log.GivenUp(logger, requestId, e.GetBaseException().Message);
            }
        }
        catch (RpcException)
        {
            // How a call ends that the stop cancelled.
            return;
        }

        if (next.Released >= Releases || next.Rounds >= MostRounds)
        {
            _unsure.TryRemove(requestId, out _);
        }
        else
        {
            _unsure[requestId] = next;
        }
    }

    private readonly record struct Progress(int Rounds, int Released);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A hold of {RequestId}, should there be one, was not released, and expires by itself: {Reason}")]
        public static partial void GivenUp(ILogger logger, string requestId, string reason);
    }
}
