using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;

namespace LlmGateway.Routing.Calls;

/// <summary>How much a call may put out, and so how much is held for it.</summary>
internal static class HoldPlan
{
    /// <summary>
    /// A client's own maximum is all or nothing: cutting the answer short of what was asked for is not ours to do. Without one, a stream
    /// wants <see cref="BillingOptions.FirstHoldTokens"/> and a plain call the model's maximum, and both take less where the balance is small.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="candidates">Every deployment that it may reach.</param>
    /// <param name="options">The bounds.</param>
    public static HoldRequest Request(Call call, IReadOnlyList<Deployment> candidates, BillingOptions options)
    {
        // One that nobody knows may be larger than those that are known.
        var modelMaximum = candidates.Max(candidate => candidate.MaxOutputTokens ?? options.UnknownMaxOutputTokens);
        var isKnown = candidates.All(candidate => candidate.MaxOutputTokens is not null);
        var perChoice = call.Request.MaxOutputTokens is { } asked
            ? isKnown ? Math.Min(asked, modelMaximum) : asked
            : call.Stream ? Math.Min(options.FirstHoldTokens, modelMaximum) : modelMaximum;
        var least = call.Request.MaxOutputTokens is null ? Math.Min(options.MinOutputTokens, perChoice) : perChoice;
        var request = new HoldRequest
        {
            RequestId = call.RequestId,
            AccountId = call.AccountId,
            KeyId = call.KeyId,
            PromptTokens = call.Request.PromptBound,
            OutputTokens = perChoice * call.Request.Choices,
            MinOutputTokens = least * call.Request.Choices,
            Limits = call.Limits,
            Uncharged = !options.Enabled,
        };
        request.Candidates.AddRange(candidates.Select(candidate => candidate.ToCandidate()));
        return request;
    }

    /// <summary>
    /// The maximum that goes upstream, for each answer: what is held, and never more than the deployment can do, because the model's
    /// maximum is that of its largest one and providers refuse a larger number than their own. Null where the client's own stands; where the hold grows with the answer, or is
    /// an estimate; and where the model is free: nothing is overdrawn there, and an answer would be cut for nothing.
    /// </summary>
    public static long? UpstreamMaximum(Call call, HeldCall held, Deployment deployment) =>
        call.Request.MaxOutputTokens is null && !held.IsEstimate && !IsFree(deployment) && !Grows(call, held, deployment)
            ? Math.Max(1, Math.Min(held.OutputTokens / call.Request.Choices, deployment.MaxOutputTokens ?? long.MaxValue))
            : null;

    /// <summary>
    /// Whether the hold grows with the answer. One that had to shrink does not: the balance is used up already, and the provider ends
    /// such an answer better than we could.
    /// </summary>
    public static bool Grows(Call call, HeldCall held, Deployment deployment) => MayGrow(call, held) && !IsFree(deployment);

    /// <summary>Whether it does with some deployment.</summary>
    public static bool MayGrow(Call call, HeldCall held) =>
        call is { Stream: true, Request.MaxOutputTokens: null } && held.IsWhole && !held.IsEstimate;

    private static bool IsFree(Deployment deployment) => deployment.Prices is { IsFree: true };
}
