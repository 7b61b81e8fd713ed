using System.Text.Json;
using System.Text.Json.Serialization;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Gateway.Account;

/// <summary>One call. What is null is not known, or not before the call is settled.</summary>
/// <param name="State">running, settled, released (it failed and cost nothing) or expired (nobody closed it).</param>
/// <param name="EndedAt">When it was settled, released or expired.</param>
/// <param name="Model">As the client wrote it; ProviderModel is the provider's name of what answered.</param>
/// <param name="Cost">In USD, after corrections of the price, as all amounts here; Refunded of it was given back.</param>
/// <param name="WrittenOff">Of the cost, what was never taken because neither the hold nor the balance covered it.</param>
/// <param name="Prices">What the customer paid for the answer's tokens.</param>
/// <param name="Candidates">In the order in which they would have been tried.</param>
/// <param name="Ending">whole, empty, broken, client_left or failed.</param>
/// <param name="CachedFrom">The call whose answer the response cache gave again.</param>
/// <param name="Rerated">The cost was corrected by another price.</param>
/// <param name="Internals">For administrators.</param>
internal sealed record GenerationBody(
    string Id,
    string Object,
    string State,
    string UserId,
    string? KeyId,
    DateTime? CreatedAt,
    DateTime? EndedAt,
    string? Model,
    string? Provider,
    string? ProviderModel,
    GenerationTokens? Usage,
    decimal? Cost,
    decimal? WrittenOff,
    decimal? Refunded,
    IReadOnlyList<GenerationRefund> Refunds,
    long? PriceVersion,
    bool? Rerated,
    string? Ending,
    string? CachedFrom,
    GenerationTimings? Timings,
    GenerationPrices? Prices,
    GenerationHold? Held,
    IReadOnlyList<GenerationCandidate> Candidates,
    IReadOnlyList<GenerationAttempt> Attempts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GenerationInternals? Internals)
{
    public static GenerationBody From(Generation call, bool withInternals)
    {
        var isSettled = call.ServedBy is not null;
        return new(
            call.RequestId,
            "generation",
            call.State,
            call.AccountId,
            call.KeyId.Length > 0 ? call.KeyId : null,
            call.CreatedAt.ToDateTime(),
            call.ClosedAt?.ToDateTime(),
            isSettled ? call.RequestedModel : null,
            call.ServedBy?.Provider,
            call.ServedBy?.Model,
            call.Usage is { } usage ? GenerationTokens.From(usage) : null,
            isSettled ? Usd.FromNano(call.CostNanoUsd) : null,
            isSettled ? Usd.FromNano(call.WrittenOffNanoUsd) : null,
            isSettled ? Usd.FromNano(call.Refunds.Sum(refund => refund.AmountNanoUsd)) : null,
            [.. call.Refunds.Select(refund => new GenerationRefund(refund.Id, Usd.FromNano(refund.AmountNanoUsd), refund.CreatedAt.ToDateTime()))],
            isSettled ? call.PriceVersion : null,
            isSettled ? call.Rerated : null,
            isSettled ? call.Ending : null,
            call.CachedFrom.Length > 0 ? call.CachedFrom : null,
            call.Timings is { } timings ? new(timings.StartedAt.ToDateTime(), timings.TimeToFirstTokenMs, timings.TotalMs) : null,
            call.Prices is { } prices ? GenerationPrices.From(prices, call.MarkupBasisPoints) : null,
            call.Held is { } held ? GenerationHold.From(held) : null,
            [.. call.Considered.Select(GenerationCandidate.From)],
            [.. call.Attempts.Select(attempt => new GenerationAttempt(
                attempt.Candidate.Deployment, attempt.Candidate.Provider, attempt.Candidate.Model, attempt.Outcome, attempt.Status > 0 ? attempt.Status : null, attempt.DurationMs,
                attempt.Hedged, attempt.Usage is { } wasted ? GenerationTokens.From(wasted) : null))],
            isSettled && withInternals ? GenerationInternals.From(call) : null);
    }
}

/// <summary>Tokens by what they cost; reasoning tokens are part of the output.</summary>
/// <param name="Estimated">The provider reported none, and they were counted here.</param>
internal sealed record GenerationTokens(
    long Input, long CachedInput, long CacheWrite, [property: JsonPropertyName("cache_write_1h")] long CacheWrite1h, long Output, long Reasoning, bool Estimated)
{
    public static GenerationTokens From(Usage usage) => new(
        usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteTokens, usage.CacheWrite1HTokens, usage.OutputTokens, usage.ReasoningTokens,
        usage.Estimated);
}

/// <param name="Id">Of the transaction.</param>
internal sealed record GenerationRefund(string Id, decimal Amount, DateTime CreatedAt);

/// <param name="TimeToFirstTokenMs">0 without content.</param>
internal sealed record GenerationTimings(DateTime StartedAt, int TimeToFirstTokenMs, int TotalMs);

/// <param name="Status">HTTP; null without an answer.</param>
/// <param name="Hedged">Given up because another attempt was faster.</param>
/// <param name="Usage">What the provider bills for an attempt that did not answer; null for nothing. The answering one's is the call's.</param>
internal sealed record GenerationAttempt(
    string Deployment, string Provider, string Model, string Outcome, int? Status, int DurationMs, bool Hedged, GenerationTokens? Usage);

/// <param name="ProviderCost">In USD, after corrections of the price; ProviderCosts are its parts, by provider call, as they were booked first.</param>
/// <param name="ProviderPrices">What the provider asks for the answer's tokens.</param>
internal sealed record GenerationInternals(
    decimal ProviderCost, decimal MarkupPercent, string Deployment, IReadOnlyList<string> AttemptedDeployments, GenerationPrices? ProviderPrices,
    IReadOnlyList<GenerationProviderCost> ProviderCosts)
{
    public static GenerationInternals From(Generation call) => new(
        Usd.FromNano(call.ProviderCostNanoUsd), call.MarkupBasisPoints / 100m, call.ServedBy.Deployment,
        [.. call.Attempts.Select(attempt => attempt.Candidate.Deployment)],
        call.Prices is { } prices ? GenerationPrices.From(prices, markupBasisPoints: 0) : null,
        [.. call.ProviderCosts.Select(GenerationProviderCost.From)]);
}

[JsonSerializable(typeof(GenerationBody))]
internal sealed partial class GenerationJson : JsonSerializerContext
{
    public static GenerationJson Wire { get; } = new(new JsonSerializerOptions(JsonAnswer.Options));
}
