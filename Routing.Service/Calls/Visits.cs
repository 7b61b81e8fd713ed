using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Selection;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Calls;

/// <summary>Which deployment a call may go to now: not one that is left alone, nor one whose limits are used up; and when to go there again.</summary>
internal sealed class Visits(
    HealthBoard health, Traffic traffic, Backoff backoff, IOptions<CallOptions> options, IOptions<RetryOptions> retries, TimeProvider time)
{
    // Timers may fire a moment early, and a cooldown is kept to.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    /// <summary>Why no candidate would be called now; null where one would.</summary>
    public CallFault? Unavailable(Call call, CandidateChain candidates)
    {
        var history = new AttemptHistory();
        foreach (var deployment in candidates.Reachable)
        {
            var cooldown = Look(call, deployment);
            if (cooldown.Reason == CooldownReason.None)
            {
                return null;
            }

            history.RuledOut(deployment, cooldown, cooldown.Until - health.Now);
        }

        return history.Sum();
    }

    /// <summary>Of the time that a call may take.</summary>
    public TimeSpan Left(Call call) => options.Value.TotalTimeout - time.GetElapsedTime(call.StartedTimestamp);

    /// <summary>The next candidate that is not left alone.</summary>
    /// <param name="call">The call.</param>
    /// <param name="candidates">In the order in which they are tried.</param>
    /// <param name="again">Comes before them; null without one.</param>
    /// <param name="history">Learns why others are left alone.</param>
    /// <returns>Null where none is left.</returns>
    public Visit? Enter(Call call, CandidateChain candidates, Deployment? again, AttemptHistory history)
    {
        for (var deployment = again ?? candidates.Next(); deployment is not null; deployment = candidates.Next())
        {
            if (TryEnter(call, deployment, history) is { } visit)
            {
                return visit;
            }
        }

        return null;
    }

    /// <summary>The next candidate of the same model.</summary>
    public Visit? EnterSibling(Call call, CandidateChain candidates, AttemptHistory history)
    {
        Visit? visit = null;
        while (visit is null && candidates.HasSibling)
        {
            visit = TryEnter(call, candidates.Next()!, history);
        }

        return visit;
    }

    /// <summary>Waits until the first of the deployments that may do better is to be asked again. Null where none is, or not in time.</summary>
    public async Task<Visit?> PauseAsync(Call call, CandidateChain candidates, AttemptHistory history, CancellationToken client)
    {
        if (!retries.Value.Enabled || history.Attempts == 0)
        {
            return null;
        }

        var soonest = history.Retryable()
            .Select(deployment => (Deployment: deployment, Cooldown: health.Look(deployment).Until - health.Now))
            .DefaultIfEmpty().MinBy(next => next.Cooldown);
        if (soonest.Deployment is not { } again || soonest.Cooldown.TotalSeconds > retries.Value.MaxPauseSeconds)
        {
            return null;
        }

        var delay = candidates.RetryDelay ?? backoff.Delay(history.Attempts);
        var pause = soonest.Cooldown > delay ? soonest.Cooldown + Margin : delay;
        if (pause >= Left(call))
        {
            return null;
        }

        await Task.Delay(pause, time, client).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return client.IsCancellationRequested ? null : TryEnter(call, again, out _);
    }

    private Visit? TryEnter(Call call, Deployment deployment, AttemptHistory history)
    {
        var visit = TryEnter(call, deployment, out var cooldown);
        if (visit is null)
        {
            history.RuledOut(deployment, cooldown, cooldown.Until - health.Now);
        }

        return visit;
    }

    /// <summary>Why a call would not be made there now: it is left alone, or what the provider lets through is used up.</summary>
    private Cooldown Look(Call call, Deployment deployment) => health.Look(deployment) is { Reason: not CooldownReason.None } cooldown
        ? cooldown
        : Limited(traffic.Of(deployment).Look(deployment, CallShape.PromptTokensOf(call.Request)));

    private Cooldown Limited(TimeSpan wait) => wait > TimeSpan.Zero ? new Cooldown(health.Now + wait, CooldownReason.RateLimited) : default;

    private Visit? TryEnter(Call call, Deployment deployment, out Cooldown cooldown)
    {
        var visit = health.Of(deployment).TryEnter(deployment, out cooldown);
        if (visit is null || traffic.Of(deployment).TryBegin(deployment, CallShape.PromptTokensOf(call.Request), out var wait))
        {
            return visit;
        }

        visit.Dispose();
        cooldown = Limited(wait);
        return null;
    }
}
