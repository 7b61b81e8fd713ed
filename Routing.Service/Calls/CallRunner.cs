using System.Runtime.ExceptionServices;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;
using LlmGateway.Routing.Streaming;
using Microsoft.Extensions.Options;
using BillingClient = LlmGateway.Protos.Billing.V1.BillingApi.BillingApiClient;

namespace LlmGateway.Routing.Calls;

/// <summary>
/// One call from beginning to end:
/// <list type="number">
/// <item>Plan: the model's deployments in the order in which they are tried, then those of its fallbacks, from the snapshot of this moment.
/// Where all of them are left alone, the call ends here.</item>
/// <item>Hold: money for the dearest of them. No hold, no call: adapters take a <see cref="HeldCall"/>.</item>
/// <item>Attempt: until the first content a failure moves on to the next deployment, and the client knows of nothing.</item>
/// <item>Relay: what arrives together leaves together. From here on a failure is the end of the answer. The hold of a stream without a
/// maximum grows with it, and the stream ends where that is refused.</item>
/// <item>Settle: what was produced is charged, whether the answer is whole, broke off, or the client left. Only then the client learns
/// that its answer is whole. A call that produced nothing gives its hold back.</item>
/// </list>
/// From the hold on the client's token ends waiting for the provider and nothing else: the debt stays when the client goes. A failure
/// that nobody expected leaves no hold open either: it is thrown on when what was produced is settled, or all is given back.
/// </summary>
internal sealed class CallRunner(
    CatalogStore catalog, RouteSelector selector, BillingClient billing, BillingWatch watch, Visits visits, AttemptLoop attempts,
    SettlementDesk desk, HoldRenewer renewer, HoldReturner returner, RoutingMetrics metrics, IOptions<BillingOptions> options, TimeProvider time)
{
    public async Task RunAsync(Call call, CallOutput output, CancellationToken client)
    {
        // :: Plan
        var snapshot = catalog.Current;
        if (snapshot.Find(call.Model) is not { } model)
        {
            await output.FailedAsync(Unknown(call.Model.Length > 0 ? call.Model : snapshot.DefaultModel), attempts: 0);
            return;
        }

        output.Model = model.Name;
        if (ModelFit.Fault(model, call.Request) is { } unfit)
        {
            await output.FailedAsync(unfit, attempts: 0);
            return;
        }

        var candidates = new CandidateChain(snapshot, selector, model, call);
        if (visits.Unavailable(call, candidates) is { } unavailable)
        {
            metrics.Refused(unavailable.Name);
            await output.FailedAsync(unavailable, attempts: 0);
            return;
        }

        // :: Hold
        var wanted = HoldPlan.Request(call, candidates.Reachable, options.Value);
        var asked = time.GetTimestamp();
        var outcome = await HeldCall.AcquireAsync(billing, watch, wanted, options.Value, time);
        metrics.Held(time.GetElapsedTime(asked));
        var (held, refusal) = outcome;
        if (held is null)
        {
            if (outcome.MayBeHeld)
            {
                returner.Return(call.RequestId);
            }

            metrics.Refused(refusal!.Name);
            await output.FailedAsync(refusal, attempts: 0);
            return;
        }

        var journal = new CallJournal(call, candidates.Reachable, snapshot.DisabledOf(model), time);
        using var renewal = renewer.Keep(held);
        var named = call with
        {
            Model = call.Model.Length > 0 ? call.Model : snapshot.DefaultModel,
            Rescue = model.Rescue,
            Sent = MayResume(call, model) ? new SentText() : null,
        };
        await RunHeldAsync(named, held, candidates, journal, output, client);
    }

    private async Task RunHeldAsync(
        Call call, HeldCall held, CandidateChain candidates, CallJournal journal, CallOutput output, CancellationToken client)
    {
        // :: Attempt
        await using var growth = HoldPlan.MayGrow(call, held) ? new HoldGrowth(held, billing, options.Value, time) : null;
        var (opened, fault) = await AttemptAsync(call, held, growth, candidates, journal, client);
        if (opened is null)
        {
            await (growth?.DisposeAsync() ?? default);
            await CloseAsync(call, held, journal);
            if (fault is not null)
            {
                await output.FailedAsync(fault, journal.Attempts.Count, budgetSpent: !attempts.MayGoOn(call, candidates, journal.Attempts.Count));
            }

            return;
        }

        var attempt = opened;
        journal.FirstToken(attempt.FirstContentAfter);
        if (journal.HasFallenBack(output.Model, attempt.Deployment))
        {
            metrics.FellBack(output.Model, attempt.Deployment);
        }

        // :: Relay
        var (there, attemptsBefore) = (false, journal.Attempts.Count);
        ExceptionDispatchInfo? unexpected = null;
        try
        {
            there = !call.Stream || await StartAsync(attempt, attemptsBefore + 1, journal, output)
                && await RelayAsync(attempt, Growing(call, held, attempt, growth), output);
            while (there && await RescueAsync(call, held, growth, candidates, attempt, journal, attemptsBefore, client) is { } next)
            {
                attempt.Dispose();
                (attempt, attemptsBefore) = (next, journal.Attempts.Count);
                there = await output.ChunkAsync(attempt.TakeHeld()) && await RelayAsync(attempt, Growing(call, held, attempt, growth), output);
            }

            if (!there)
            {
                await DrainAsync(attempt, held, Growing(call, held, attempt, growth));
            }
        }
        catch (Exception e)
        {
            unexpected = ExceptionDispatchInfo.Capture(e);
        }

        // :: Settle
        using var answering = attempt;
        attempt.Stop();
        await (growth?.DisposeAsync() ?? default);
        attempts.Note(call, attempt, journal, at: attemptsBefore);
        var usage = attempt.Meter.Read();
        var settlement = Settlement(call, attempt.Deployment.ToCandidate(), usage.ToMessage(), EndingOf(attempt, unexpected is not null), journal);
        settlement.AnsweredAttempt = attemptsBefore + 1;
        var settled = await desk.SettleAsync(settlement, held, client);
        metrics.Produced(attempt.Deployment, GenAi.OperationOf(call.Client.Dialect), usage);
        unexpected?.Throw();
        if (there && attempt.State != AttemptState.Left)
        {
            await EndAsync(attempt, usage, settled, journal, output);
        }
    }

    private static HoldGrowth? Growing(Call call, HeldCall held, Attempt attempt, HoldGrowth? growth) =>
        HoldPlan.Grows(call, held, attempt.Deployment) ? growth : null;

    /// <summary>
    /// Whether a stream that breaks off can be gone on with: one answer, not begun twice at one time, and asked for by what the chat form has, because
    /// that is how the next provider is asked.
    /// </summary>
    private static bool MayResume(Call call, CatalogModel model) => model is { Rescue: Rescue.Resume, Hedge: false }
        && call is { Stream: true, Request.Choices: 1, Client: { NativeOnly: null, Dialect: Dialect.OpenaiChat or Dialect.AnthropicMessages or Dialect.OpenaiResponses } };

    /// <summary>
    /// After a stream broke off: the next candidate's answer, if one goes on where it did. What the first one produced is its provider's bill and no
    /// longer the client's, whose answer is the next one's.
    /// </summary>
    /// <returns>Null when there is none, and the fault stands.</returns>
    private async Task<Attempt?> RescueAsync(
        Call call, HeldCall held, HoldGrowth? growth, CandidateChain candidates, Attempt broken, CallJournal journal, int attemptsBefore,
        CancellationToken client)
    {
        if (call.Sent is not { IsResumable: true } sent || broken is not { State: AttemptState.Failed, IsBrokenOff: false, Stream.Place: { } place }
            || !attempts.MayGoOn(call, candidates, made: attemptsBefore + 1))
        {
            return null;
        }

        broken.Stop();
        broken.Visited();
        sent.BreakOff(place);
        await CoverPrefillAsync(call, held, candidates, sent);
        var (next, _) = await attempts.RunAsync(call, held, growth, candidates, journal, client, made: attemptsBefore + 1);
        if (next is not null)
        {
            attempts.Note(call, broken, journal, broken.Meter.Read(), attemptsBefore);
            metrics.Rescued(broken.Deployment);
        }

        return next;
    }

    /// <summary>
    /// A model that goes on from a text reads it as a part of its prompt. Where the hold cannot cover it, models are asked for the whole answer, whose
    /// prompt is the client's own.
    /// </summary>
    private async Task CoverPrefillAsync(Call call, HeldCall held, CandidateChain candidates, SentText sent)
    {
        if (!sent.PrefillRefused && candidates.Reachable.Any(deployment => deployment.Prefill))
        {
            var prompt = call.Request.Chat.WithPrefill(sent.Prefill).PromptBound;
            sent.PrefillRefused = !await held.CoverPromptAsync(billing, prompt, options.Value, time);
        }
    }

    /// <summary>
    /// A call without content gives its hold back. Where some provider bills it nevertheless, it is settled, for Billing to say who pays;
    /// its client, which gets an error, does not wait for a Billing that is away.
    /// </summary>
    private Task CloseAsync(Call call, HeldCall held, CallJournal journal) => journal.HasWaste
        ? desk.SettleAsync(FailedSettlement(call, journal), held, new CancellationToken(canceled: true))
        : desk.ReleaseAsync(call, journal);

    private async Task<AttemptsResult> AttemptAsync(
        Call call, HeldCall held, HoldGrowth? growth, CandidateChain candidates, CallJournal journal, CancellationToken client)
    {
        try
        {
            return await attempts.RunAsync(call, held, growth, candidates, journal, client);
        }
        catch
        {
            await CloseAsync(call, held, journal);
            throw;
        }
    }

    /// <returns>False when the client left.</returns>
    private static async Task<bool> StartAsync(Attempt attempt, int attemptCount, CallJournal journal, CallOutput output) =>
        await output.StartedAsync(attempt, attemptCount, journal.ProviderTime) && await output.ChunkAsync(attempt.TakeHeld());

    /// <returns>False when the client left.</returns>
    private static async Task<bool> RelayAsync(Attempt attempt, HoldGrowth? growth, CallOutput output)
    {
        while (attempt.State == AttemptState.Open)
        {
            if (!await CoverAsync(attempt, growth))
            {
                break;
            }

            if (await attempt.ReadAsync() is { } chunk && !await output.ChunkAsync(chunk))
            {
                return false;
            }
        }

        return attempt.State != AttemptState.Left;
    }

    /// <summary>Reads on for a client that left, where the provider's policy says so, within its limits and those of the hold.</summary>
    private static async Task DrainAsync(Attempt attempt, HeldCall held, HoldGrowth? growth)
    {
        attempt.Leave();
        if (attempt.Drain is not { } drain)
        {
            return;
        }

        var most = drain.MaxTokens(held, attempt.Meter.OutputSoFar);
        while (attempt.State == AttemptState.Open && attempt.Meter.OutputSoFar < most && await CoverAsync(attempt, growth))
        {
            await attempt.ReadAsync();
        }
    }

    /// <returns>False when the answer must not go on: its hold could not grow.</returns>
    private static async ValueTask<bool> CoverAsync(Attempt attempt, HoldGrowth? growth)
    {
        if (await attempt.CoverAsync(growth) is not { } fault)
        {
            return true;
        }

        attempt.BreakOff(fault);
        return false;
    }

    private static async Task EndAsync(Attempt attempt, TokenUsage usage, Settlement? settled, CallJournal journal, CallOutput output)
    {
        var attemptCount = journal.Attempts.Count;
        if (attempt.State == AttemptState.Failed || settled is null)
        {
            var fault = attempt.Fault ?? new CallFault(CallFailure.BillingUnavailable, "The call could not be settled.");
            await output.FailedAsync(fault, attemptCount);
            return;
        }

        if (attempt.Plain is not null)
        {
            _ = await output.StartedAsync(attempt, attemptCount, journal.ProviderTime)
                && await output.ChunkAsync(attempt.Close(usage, settled.CostNanoUsd));
        }
        else if (attempt.Close(usage, settled.CostNanoUsd) is { Count: > 0 } last)
        {
            await output.ChunkAsync(last);
        }

        await output.EndedAsync(new Ended
        {
            Attempts = attemptCount,
            PromptTokens = usage.Prompt,
            OutputTokens = usage.Output,
            CostNanoUsd = settled.CostNanoUsd,
        });
    }

    private static SettleRequest FailedSettlement(Call call, CallJournal journal) =>
        Settlement(
            call, journal.Attempts[^1].Candidate, new Usage { Estimated = journal.Attempts.Any(attempt => attempt.Usage is { Estimated: true }) },
            Ending.Failed, journal);

    private static SettleRequest Settlement(Call call, Candidate servedBy, Usage usage, Ending ending, CallJournal journal)
    {
        var request = new SettleRequest
        {
            RequestId = call.RequestId,
            ServedBy = servedBy,
            Usage = usage,
            RequestedModel = call.Model,
            Timings = journal.Timings(),
            Ending = ending,
        };
        request.Attempts.AddRange(journal.Attempts);
        request.Considered.AddRange(journal.Considered());
        return request;
    }

    private static Ending EndingOf(Attempt attempt, bool unexpected) => attempt switch
    {
        // Whole perhaps, but nobody got it.
        { Drain: not null } => Ending.ClientLeft,
        { State: AttemptState.Ended } => attempt.Meter.IsEmpty ? Ending.Empty : Ending.Whole,
        // The caller's money ended, not the provider's answer: what came is as good as a whole one.
        { IsBrokenOff: true } => Ending.Whole,
        { State: AttemptState.Failed } => Ending.Broken,
        _ => unexpected ? Ending.Broken : Ending.ClientLeft,
    };

    internal static CallFault Unknown(string model) =>
        new(CallFailure.ModelNotFound, $"The model '{model}' does not exist or you do not have access to it.") { Param = "model" };
}
