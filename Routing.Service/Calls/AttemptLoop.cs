using System.Collections.Frozen;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Images;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Streaming;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Tries a call's candidates in order, each once and no more than allowed in all, until one has content.</summary>
internal sealed partial class AttemptLoop(
    IEnumerable<IProviderAdapter> adapters, InlineImages images, Answers answers, Drains drains, RoutingMetrics metrics, IOptions<CallOptions> options, TimeProvider time,
    ILogger<AttemptLoop> logger)
{
    private readonly FrozenDictionary<string, IProviderAdapter> _adapters = adapters.ToFrozenDictionary(
        adapter => adapter.Name, IProviderAdapter (adapter) => new ImageInliningAdapter(adapter, images));

    /// <returns>An attempt with content, or the last one: failed, or left by the client. The caller disposes it.</returns>
    public async Task<AttemptsResult> RunAsync(
        Call call, HeldCall held, HoldGrowth? growth, IReadOnlyList<Deployment> candidates, CallJournal journal, CancellationToken client)
    {
        var faults = new List<(Deployment Deployment, CallFault Fault)>();
        foreach (var deployment in candidates.Take(options.Value.MaxAttempts))
        {
            var attempt = new Attempt(call, deployment, answers, drains, options.Value, time, client);
            try
            {
                await attempt.OpenAsync(_adapters[deployment.Adapter], held, HoldPlan.Grows(call, held, deployment) ? growth : null);
                if (attempt.State is AttemptState.Open or AttemptState.Ended)
                {
                    return new AttemptsResult(attempt, null);
                }
            }
            finally
            {
                // Neither a failed attempt nor a bug leaves a connection behind.
                attempt.StopUnlessAnswering();
            }

            Note(call, attempt, journal, attempt.Waste);
            if (attempt.State == AttemptState.Left)
            {
                return new AttemptsResult(null, null);
            }

            faults.Add((deployment, attempt.Fault!));
            if (!attempt.Fault!.MayFailOver || client.IsCancellationRequested || time.GetElapsedTime(call.StartedTimestamp) >= options.Value.TotalTimeout)
            {
                break;
            }
        }

        return new AttemptsResult(null, Sum(faults));
    }

    /// <summary>Writes down how an attempt ended.</summary>
    /// <param name="wasted">Of an attempt that did not answer the client.</param>
    public void Note(Call call, Attempt attempt, CallJournal journal, TokenUsage? wasted = null)
    {
        var outcome = attempt.State switch
        {
            AttemptState.Ended => "ok",
            AttemptState.Failed => attempt.Fault!.Name,
            // Open still, because nobody was left to read for.
            _ => "client_left",
        };
        var status = attempt.Status != 0 ? attempt.Status : attempt.Fault?.Status ?? 0;
        journal.Attempted(attempt.Deployment, outcome, status, attempt.Duration, wasted);
        metrics.Attempted(attempt.Deployment, outcome, attempt.Duration);
        if (attempt.State == AttemptState.Failed)
        {
            Log.Failed(logger, attempt.Deployment.Id, call.RequestId, outcome, status);
        }
    }

    /// <summary>
    /// One fault for all: "rate limited" only when every candidate said so, and then with the soonest time to come back; else the
    /// last one of another kind.
    /// </summary>
    private static CallFault Sum(List<(Deployment Deployment, CallFault Fault)> faults)
    {
        var told = faults.FindLast(fault => fault.Fault.Failure != CallFailure.ProviderRateLimited).Fault;
        if (told is null)
        {
            var waits = faults.Select(fault => fault.Fault.RetryAfter).Where(wait => wait > TimeSpan.Zero).ToList();
            return faults[^1].Fault with { RetryAfter = waits.Count > 0 ? waits.Min() : TimeSpan.Zero };
        }

        return told.Failure == CallFailure.NoAvailableProvider
            ? told with { RuledOut = [.. faults.Select(fault => new RuledOut { Deployment = fault.Deployment.Id, Reason = fault.Fault.Name })] }
            : told;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Deployment} failed {RequestId}: {Outcome}, status {Status}.")]
        public static partial void Failed(ILogger logger, string deployment, string requestId, string outcome, int status);
    }
}

/// <param name="Attempt">With content; null without.</param>
/// <param name="Fault">Why there is none; null when the client left.</param>
internal sealed record AttemptsResult(Attempt? Attempt, CallFault? Fault);
