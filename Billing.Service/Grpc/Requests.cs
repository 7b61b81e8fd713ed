using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Billing.Grpc;

/// <summary>Messages to the ledger's own types, every field checked.</summary>
internal static class Requests
{
    private const int MostCandidates = 100;
    private const int MostPrices = 10_000;
    private const int MostMilliseconds = 86_400_000;

    public static WantedHold ToWantedHold(this HoldRequest request)
    {
        var output = Fields.Tokens("output_tokens", request.OutputTokens);
        Fields.InRange("candidates", request.Candidates.Count, 1, MostCandidates);
        return new(
            Fields.RequestId(request.RequestId),
            Fields.AccountId(request.AccountId),
            Fields.KeyId(request.KeyId),
            [.. request.Candidates.Select((candidate, index) => candidate.ToPricedModel($"candidates[{index}]")).Distinct()],
            Fields.Tokens("prompt_tokens", request.PromptTokens),
            output,
            Fields.InRange("min_output_tokens", request.MinOutputTokens, 0, output))
        {
            Limits = request.Limits.ToKeyLimits(),
            Lost = request.Lost,
            Uncharged = request.Uncharged,
            PricedBy = request.PriceBook == 0 ? null : new(
                Fields.InRange("price_book", request.PriceBook, 0, long.MaxValue),
                Fields.Time("priced_at", Fields.Present("priced_at", request.PricedAt))),
        };
    }

    public static WantedHit ToWantedHit(this ChargeCacheHitRequest request) => new(
        Fields.RequestId(request.RequestId),
        Fields.AccountId(request.AccountId),
        Fields.KeyId(request.KeyId),
        Fields.RequestId(request.SourceRequestId, "source_request_id"),
        request.Limits.ToKeyLimits());

    /// <summary>Null where nothing is limited.</summary>
    private static KeyLimits? ToKeyLimits(this Limits? limits)
    {
        if (limits is null)
        {
            return null;
        }

        var checkedLimits = new KeyLimits
        {
            TotalTokens = limits.HasTotalTokens ? Tokens("limits.total_tokens", limits.TotalTokens) : null,
            DailyTokens = limits.HasDailyTokens ? Tokens("limits.daily_tokens", limits.DailyTokens) : null,
            MonthlyTokens = limits.HasMonthlyTokens ? Tokens("limits.monthly_tokens", limits.MonthlyTokens) : null,
            TotalCost = limits.HasTotalNanoUsd ? Cost("limits.total_nano_usd", limits.TotalNanoUsd) : null,
            DailyCost = limits.HasDailyNanoUsd ? Cost("limits.daily_nano_usd", limits.DailyNanoUsd) : null,
            MonthlyCost = limits.HasMonthlyNanoUsd ? Cost("limits.monthly_nano_usd", limits.MonthlyNanoUsd) : null,
        };
        return checkedLimits.IsNone ? null : checkedLimits;

        static long Tokens(string field, long value) => Fields.InRange(field, value, 0, KeyLimits.MostTokens);
        static NanoUsd Cost(string field, long value) => new(Fields.InRange(field, value, 0, KeyLimits.MostCost.Value));
    }

    public static UsedCall ToUsedCall(this SettleRequest request, TimeProvider time)
    {
        var servedBy = Fields.Present("served_by", request.ServedBy);
        var usage = Fields.Present("usage", request.Usage);
        var timings = request.Timings ?? new Timings();
        var tokens = usage.ToTokens("usage");
        return new(
            Fields.RequestId(request.RequestId),
            servedBy.ToPricedModel("served_by"),
            servedBy.Deployment,
            Fields.Name("requested_model", request.RequestedModel),
            tokens,
            tokens.Reasoning,
            usage.Estimated,
            timings.StartedAt is null ? time.GetUtcNow() : Fields.Time("timings.started_at", timings.StartedAt),
            (int)Fields.InRange("timings.time_to_first_token_ms", timings.TimeToFirstTokenMs, 0, MostMilliseconds),
            (int)Fields.InRange("timings.total_ms", timings.TotalMs, 0, MostMilliseconds),
            AttemptsJson.Write(request.Attempts))
        {
            Answered = AnsweredBy(request),
            Considered = ConsideredJson.Write(request.Considered),
            Ending = Enum.IsDefined(request.Ending) ? request.Ending : throw Fields.Invalid("ending", "is not known."),
            Wasted = [.. request.Attempts.Index().Where(attempt => attempt.Item.Usage is not null).Select(attempt => new WastedAttempt(
                attempt.Item.Candidate.ToPricedModel($"attempts[{attempt.Index}].candidate"),
                attempt.Item.Usage.ToTokens($"attempts[{attempt.Index}].usage"),
                attempt.Item.Hedged)
            {
                Number = attempt.Index + 1,
                Deployment = attempt.Item.Candidate.Deployment,
            })],
        };
    }

    // A settlement that was written before it said so names its last attempt there without a bill of its own.
    private static int AnsweredBy(SettleRequest request)
    {
        var said = (int)Fields.InRange("answered_attempt", request.AnsweredAttempt, 0, request.Attempts.Count);
        return said == 0
            ? request.Attempts.Index().LastOrDefault(
                attempt => attempt.Item.Usage is null && attempt.Item.Candidate.Deployment == request.ServedBy.Deployment, (-1, null!)).Index + 1
            : request.Attempts[said - 1].Usage is null ? said : throw Fields.Invalid("answered_attempt", "has a usage of its own.");
    }

    private static TokenUsage ToTokens(this Usage usage, string field) => new(
        Fields.Tokens($"{field}.input_tokens", usage.InputTokens),
        Fields.Tokens($"{field}.cached_input_tokens", usage.CachedInputTokens),
        Fields.Tokens($"{field}.cache_write_tokens", usage.CacheWriteTokens),
        Fields.Tokens($"{field}.output_tokens", usage.OutputTokens))
    {
        CacheWrite1h = Fields.Tokens($"{field}.cache_write_1h_tokens", usage.CacheWrite1HTokens),
        Reasoning = Fields.Tokens($"{field}.reasoning_tokens", usage.ReasoningTokens),
    };

    /// <summary>One price a model; saying the same price twice is no contradiction.</summary>
    public static Dictionary<PricedModel, AnnouncedPrices> ToPrices(this AnnouncePricesRequest request)
    {
        Fields.InRange("prices", request.Prices.Count, 0, MostPrices);
        var prices = new Dictionary<PricedModel, AnnouncedPrices>();
        foreach (var (index, price) in request.Prices.Index())
        {
            var field = $"prices[{index}]";
            var model = new PricedModel(
                Fields.Name($"{field}.provider", price.Provider), Fields.Name($"{field}.model", price.Model));
            var announced = PriceRequests.Read(price, field);
            if (!prices.TryAdd(model, announced) && prices[model] != announced)
            {
                throw Fields.Invalid(field, "has another price than an earlier one of the same model.");
            }
        }

        return prices;
    }

    public static PricedModel ToPricedModel(this Candidate candidate, string field)
    {
        Fields.Name($"{field}.deployment", candidate.Deployment);
        return new(Fields.Name($"{field}.provider", candidate.Provider), Fields.Name($"{field}.model", candidate.Model));
    }
}
