using System.Collections.Frozen;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Images;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Selection;
using LlmGateway.Routing.Streaming;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// Tries a call's candidates until one has content:
/// <list type="number">
/// <item>The next candidate that is not left alone is tried at once; after a refused or limited key another key of the same deployment.</item>
/// <item>Where none is left, one that may do better is tried again, after a pause.</item>
/// <item>What a provider says against the request itself ends the call, or turns to the models that are there for it.</item>
/// </list>
/// All of it has one budget: retries and fallbacks together are no more provider calls than <see cref="RetryOptions.MaxAttempts"/>.
/// </summary>
internal sealed partial class AttemptLoop(
    IEnumerable<IProviderAdapter> adapters, InlineImages images, Answers answers, Drains drains, Visits visits, HealthBoard health,
    Traffic traffic, Hedges hedges, RoutingMetrics metrics, IOptions<CallOptions> options, IOptions<RetryOptions> retries, TimeProvider time,
    ILogger<AttemptLoop> logger)
{
    private readonly FrozenDictionary<string, IProviderAdapter> _adapters = adapters.ToFrozenDictionary(
        adapter => adapter.Name, IProviderAdapter (adapter) => new ImageInliningAdapter(adapter, images));

    /// <summary>Whether another provider call is in the budget and in time.</summary>
    /// <param name="call">The call.</param>
    /// <param name="candidates">Its candidates.</param>
    /// <param name="made">Attempts so far.</param>
    public bool MayGoOn(Call call, CandidateChain candidates, int made) => made < Budget(call, candidates) && visits.Left(call) > TimeSpan.Zero;

    /// <param name="made">Attempts before these, of the same budget.</param>
    /// <returns>An attempt with content, or the last one: failed, or left by the client. The caller disposes it.</returns>
    public async Task<AttemptsResult> RunAsync(
        Call call, HeldCall held, HoldGrowth? growth, CandidateChain candidates, CallJournal journal, CancellationToken client, int made = 0)
    {
        var history = new AttemptHistory(journal);
        var budget = Budget(call, candidates) - made;
        Deployment? again = null;
        while (history.Attempts < budget && (history.Attempts == 0 || visits.Left(call) > TimeSpan.Zero))
        {
            // 1. and 2.
            var visit = visits.Enter(call, candidates, again, history) ?? await visits.PauseAsync(call, candidates, history, client);
            if (client.IsCancellationRequested)
            {
                visit?.Dispose();
                return new AttemptsResult(null, null);
            }

            if (visit is null)
            {
                break;
            }

            var start = (Visit entered) => Start(call, held, growth, entered, client);
            var attempt = call.Stream && candidates is { Hedge: true, HasSibling: true } && history.Attempts + 1 < budget
                ? await RaceAsync(call, start, visit, candidates, history, journal, client)
                : await start(visit).Opened;
            if (attempt.HasAnswer)
            {
                Answered(call, attempt);
                return new AttemptsResult(attempt, null);
            }

            Note(call, attempt, journal, attempt.Waste);
            if (attempt.State == AttemptState.Left)
            {
                return new AttemptsResult(null, null);
            }

            var (deployment, fault) = (attempt.Deployment, attempt.Fault!);
            history.Failed(deployment, fault);

            // 3.
            if (!fault.MayFailOver && !candidates.TurnTo(fault))
            {
                break;
            }

            again = HasOtherKey(deployment, fault) || fault.Code == CallFault.PrefillRefused ? deployment : null;
        }

        // A rescue may find that no candidate is left.
        return new AttemptsResult(null, history.IsEmpty ? null : history.Sum());
    }

    /// <summary>Writes down how an attempt ended.</summary>
    /// <param name="wasted">Of an attempt that did not answer the client.</param>
    /// <param name="at">Where it stands among the attempts; last, unless others came after it that are written down already.</param>
    public void Note(Call call, Attempt attempt, CallJournal journal, TokenUsage? wasted = null, int? at = null)
    {
        attempt.Visited();
        var used = attempt.State == AttemptState.Failed && wasted is null ? default : attempt.Meter.Read();
        traffic.Of(attempt.Deployment).Used(used.Prompt + used.Output - CallShape.PromptTokensOf(call.Request));
        if (attempt.Fault is { IsUnsupported: true })
        {
            // No provider was called.
            journal.RuledOut(attempt.Deployment, attempt.Fault.Code);
            attempt.Trace?.Discard();
            return;
        }

        var outcome = attempt.State switch
        {
            _ when attempt.IsOutrun => "hedged",
            AttemptState.Ended => "ok",
            AttemptState.Failed => attempt.Fault!.Name,
            // Open still, because nobody was left to read for.
            _ => "client_left",
        };
        var status = attempt.Status != 0 ? attempt.Status : attempt.Fault?.Status ?? 0;
        journal.Attempted(at ?? journal.Attempts.Count, attempt.Deployment, outcome, status, attempt.Duration, wasted, attempt.IsOutrun);
        var failed = attempt is { State: AttemptState.Failed, IsOutrun: false };
        attempt.Trace?.End(failed ? "failed" : outcome, failed ? outcome : null, status, used, attempt.Duration);
        if (attempt.State == AttemptState.Failed)
        {
            Log.Failed(logger, attempt.Deployment.Id, call.RequestId, outcome, status);
        }
    }

    /// <summary>Provider calls that a call may make.</summary>
    private int Budget(Call call, CandidateChain candidates) => Math.Max(1, (candidates.MaxAttempts ?? retries.Value.MaxAttempts) - call.ClientRetries);

    private (Attempt Attempt, Task<Attempt> Opened) Start(Call call, HeldCall held, HoldGrowth? growth, Visit visit, CancellationToken client)
    {
        var attempt = new Attempt(call, visit, answers, drains, options.Value, time, client) { Trace = new(call, visit.Deployment, metrics, time) };
        return (attempt, OpenAsync());

        async Task<Attempt> OpenAsync()
        {
            attempt.Trace.Begin();
            try
            {
                await attempt.OpenAsync(_adapters[visit.Deployment.Adapter], held, HoldPlan.Grows(call, held, visit.Deployment) ? growth : null);
            }
            catch
            {
                // Nobody will note it.
                attempt.Trace.Dispose();
                throw;
            }
            finally
            {
                // Neither a failed attempt nor a bug leaves a connection behind.
                attempt.StopUnlessAnswering();
            }

            return attempt;
        }
    }

    /// <summary>
    /// One attempt, and a second one of the same model beside it when the first is slower than usual. Whichever has content first answers, and
    /// the other is given up; both are written down.
    /// </summary>
    private async Task<Attempt> RaceAsync(
        Call call, Func<Visit, (Attempt Attempt, Task<Attempt> Opened)> start, Visit visit, CandidateChain candidates, AttemptHistory history,
        CallJournal journal, CancellationToken client)
    {
        var first = start(visit);
        if (!await hedges.IsLateAsync(visit.Deployment, first.Opened) || client.IsCancellationRequested || visits.EnterSibling(call, candidates, history) is not { } beside)
        {
            return await first.Opened;
        }

        var second = start(beside);
        var (winner, other) = await Task.WhenAny(first.Opened, second.Opened) == first.Opened ? (first, second) : (second, first);
        try
        {
            if (!(await winner.Opened).HasAnswer)
            {
                (winner, other) = (other, winner);
                await winner.Opened;
            }
        }
        finally
        {
            await other.Attempt.OutrunAsync();
            await ((Task)other.Opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            other.Attempt.Dispose();
        }

        Note(call, other.Attempt, journal, other.Attempt.Waste);
        if (other.Attempt is { State: AttemptState.Failed, Fault: { } fault })
        {
            history.Failed(other.Attempt.Deployment, fault);
        }
        else
        {
            // Without those that were given up, what is usual would seem ever faster.
            health.Of(other.Attempt.Deployment).FirstTokens.Add(other.Attempt.Duration);
        }

        return winner.Attempt;
    }

    private void Answered(Call call, Attempt attempt)
    {
        if (call.Stream)
        {
            traffic.Of(attempt.Deployment).FirstToken(attempt.FirstContentAfter);
            health.Of(attempt.Deployment).FirstTokens.Add(attempt.FirstContentAfter);
        }
        else
        {
            traffic.Of(attempt.Deployment).Answered(attempt.Duration, attempt.Meter.Read().Output);
        }
    }

    private static bool HasOtherKey(Deployment deployment, CallFault fault) => deployment.Keys.Count > 1 && fault.Failure
        is CallFailure.ProviderAuth or CallFailure.ProviderRateLimited or CallFailure.NoAvailableProvider;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Deployment} failed {RequestId}: {Outcome}, status {Status}.")]
        public static partial void Failed(ILogger logger, string deployment, string requestId, string outcome, int status);
    }
}

/// <param name="Attempt">With content; null without.</param>
/// <param name="Fault">Why there is none; null when the client left.</param>
internal sealed record AttemptsResult(Attempt? Attempt, CallFault? Fault);
