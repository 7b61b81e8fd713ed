using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Billing.Grpc;
using LlmGateway.Billing.Pricing;
using LlmGateway.Billing.Quotas;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Protos.Keys.V1;
using PriceTier = LlmGateway.Protos.Billing.V1.PriceTier;

namespace LlmGateway.Billing.Tests.Grpc;

/// <summary>Every field of a request is checked before the ledger sees it, and a bad one is named.</summary>
public sealed class RequestTests
{
    private const string RequestId = "req_0123456789ABCDEFGHJKMNPQRS";

    public static TheoryData<string, Action<HoldRequest>> BadHolds => new()
    {
        { "request_id", hold => hold.RequestId = "" },
        { "request_id", hold => hold.RequestId = "req_short" },
        { "request_id", hold => hold.RequestId = "REQ_0123456789ABCDEFGHJKMNPQRS" },
        { "request_id", hold => hold.RequestId = "req_0123456789ABCDEFGHJKMNPQR'" },
        { "account_id", hold => hold.AccountId = "" },
        { "account_id", hold => hold.AccountId = new string('a', 129) },
        { "account_id", hold => hold.AccountId = "two words" },
        { "account_id", hold => hold.AccountId = "nul\0" },
        { "account_id", hold => hold.AccountId = "(warm-up)" },
        { "key_id", hold => hold.KeyId = "a/b" },
        { "candidates", hold => hold.Candidates.Clear() },
        { "candidates", hold => hold.Candidates.Add(Enumerable.Repeat(Candidate(), 100)) },
        { "candidates[0].deployment", hold => hold.Candidates[0].Deployment = "" },
        { "candidates[0].provider", hold => hold.Candidates[0].Provider = "\n" },
        { "candidates[1].model", hold => hold.Candidates.Add(new Candidate { Deployment = "d", Provider = "p", Model = new string('m', 257) }) },
        { "prompt_tokens", hold => hold.PromptTokens = -1 },
        { "prompt_tokens", hold => hold.PromptTokens = 1_000_000_001 },
        { "output_tokens", hold => hold.OutputTokens = -1 },
        { "output_tokens", hold => hold.OutputTokens = long.MaxValue },
        { "min_output_tokens", hold => hold.MinOutputTokens = -1 },
        { "min_output_tokens", hold => hold.MinOutputTokens = hold.OutputTokens + 1 },
    };

    public static TheoryData<string, Action<SettleRequest>> BadSettlements => new()
    {
        { "request_id", settle => settle.RequestId = "txn_1" },
        { "served_by", settle => settle.ServedBy = null },
        { "served_by.deployment", settle => settle.ServedBy.Deployment = "" },
        { "served_by.model", settle => settle.ServedBy.Model = "a\0b" },
        { "usage", settle => settle.Usage = null },
        { "usage.input_tokens", settle => settle.Usage.InputTokens = -1 },
        { "usage.cached_input_tokens", settle => settle.Usage.CachedInputTokens = 1_000_000_001 },
        { "usage.cache_write_tokens", settle => settle.Usage.CacheWriteTokens = long.MinValue },
        { "usage.output_tokens", settle => settle.Usage.OutputTokens = -1 },
        { "usage.reasoning_tokens", settle => settle.Usage.ReasoningTokens = -1 },
        { "usage.cache_write_1h_tokens", settle => settle.Usage.CacheWrite1HTokens = -1 },
        { "requested_model", settle => settle.RequestedModel = "" },
        { "attempts", settle => settle.Attempts.Add(Enumerable.Repeat(Attempt(), 101)) },
        { "attempts[0].candidate", settle => settle.Attempts.Add(new Attempt { Outcome = "ok" }) },
        { "attempts[0].outcome", settle => settle.Attempts.Add(new Attempt { Candidate = Candidate() }) },
        { "attempts[0].status", settle => settle.Attempts.Add(new Attempt { Candidate = Candidate(), Outcome = "ok", Status = -1 }) },
        { "attempts[0].duration_ms", settle => settle.Attempts.Add(new Attempt { Candidate = Candidate(), Outcome = "ok", DurationMs = -1 }) },
        { "timings.started_at", settle => settle.Timings = new Timings { StartedAt = new Timestamp { Seconds = long.MaxValue } } },
        { "timings.started_at", settle => settle.Timings = new Timings { StartedAt = new Timestamp { Nanos = -1 } } },
        { "timings.time_to_first_token_ms", settle => settle.Timings = new Timings { TimeToFirstTokenMs = -1 } },
        { "timings.total_ms", settle => settle.Timings = new Timings { TotalMs = -1 } },
    };

    public static TheoryData<string, Action<ModelPrice>> BadPrices => new()
    {
        { "prices[0].provider", price => price.Provider = "" },
        { "prices[0].model", price => price.Model = "" },
        { "prices[0].input", price => price.Input = -1 },
        { "prices[0].cached_input", price => price.CachedInput = TokenPrices.Highest + 1 },
        { "prices[0].cache_write", price => price.CacheWrite = -1 },
        { "prices[0].output", price => price.Output = long.MaxValue },
        { "prices[0].cache_write_1h", price => price.CacheWrite1H = -1 },
        { "prices[0].reasoning", price => price.Reasoning = -1 },
        { "prices[0].per_request", price => price.PerRequest = TokenPrices.HighestPerRequest + 1 },
        { "prices[0].tiers[0].prompt_tokens_above", price => price.Tiers.Add(new PriceTier()) },
        { "prices[0].tiers[0].output", price => price.Tiers.Add(new PriceTier { PromptTokensAbove = 1, Output = -1 }) },
        { "prices[0].tiers[1].prompt_tokens_above", price => price.Tiers.Add(Enumerable.Repeat(new PriceTier { PromptTokensAbove = 1 }, 2)) },
        { "prices[0].tiers", price => price.Tiers.Add(Enumerable.Range(1, 17).Select(above => new PriceTier { PromptTokensAbove = above })) },
        { "prices[0].tiers[0].input", price => Raise(price) },
        { "prices[0].same_as", price => price.SameAs = new ModelName { Provider = "p", Model = "other" } },
        { "prices[0].same_as.model", price => price.SameAs = new ModelName { Provider = "p" } },
    };

    [Theory]
    [MemberData(nameof(BadHolds), DisableDiscoveryEnumeration = true)]
    public void A_bad_field_of_a_hold_is_named(string field, Action<HoldRequest> spoil)
    {
        var request = Hold();
        spoil(request);

        Named(field, () => request.ToWantedHold());
    }

    [Theory]
    [MemberData(nameof(BadSettlements), DisableDiscoveryEnumeration = true)]
    public void A_bad_field_of_a_settlement_is_named(string field, Action<SettleRequest> spoil)
    {
        var request = Settle();
        spoil(request);

        Named(field, () => request.ToUsedCall(TimeProvider.System));
    }

    [Theory]
    [MemberData(nameof(BadPrices), DisableDiscoveryEnumeration = true)]
    public void A_bad_field_of_a_price_is_named(string field, Action<ModelPrice> spoil)
    {
        var price = new ModelPrice { Provider = "p", Model = "m", Input = 1, Output = 2 };
        spoil(price);

        Named(field, () => new AnnouncePricesRequest { Prices = { price } }.ToPrices());
    }

    [Fact]
    public void Two_prices_of_one_model_contradict_each_other_and_the_same_twice_does_not()
    {
        var price = new ModelPrice { Provider = "p", Model = "m", Input = 1, Output = 2 };
        var other = price.Clone();
        other.ClearOutput();

        new AnnouncePricesRequest { Prices = { price, price } }.ToPrices().ShouldHaveSingleItem();
        Named("prices[1]", () => new AnnouncePricesRequest { Prices = { price, other } }.ToPrices());
    }

    public static TheoryData<string, Action<Limits, long>, long> BoundedLimits => new()
    {
        { "limits.total_tokens", (limits, value) => limits.TotalTokens = value, KeyLimits.MostTokens },
        { "limits.daily_tokens", (limits, value) => limits.DailyTokens = value, KeyLimits.MostTokens },
        { "limits.monthly_tokens", (limits, value) => limits.MonthlyTokens = value, KeyLimits.MostTokens },
        { "limits.total_nano_usd", (limits, value) => limits.TotalNanoUsd = value, KeyLimits.MostCost.Value },
        { "limits.daily_nano_usd", (limits, value) => limits.DailyNanoUsd = value, KeyLimits.MostCost.Value },
        { "limits.monthly_nano_usd", (limits, value) => limits.MonthlyNanoUsd = value, KeyLimits.MostCost.Value },
    };

    [Theory]
    [MemberData(nameof(BoundedLimits), DisableDiscoveryEnumeration = true)]
    public void A_limit_is_from_nothing_to_its_most_or_is_named(string field, Action<Limits, long> set, long most)
    {
        With(0).ToWantedHold().Limits.ShouldNotBeNull().ToArrayText().ShouldContain("0");
        With(most).ToWantedHold().Limits.ShouldNotBeNull().ToArrayText().ShouldContain($"{most}");
        Named(field, () => With(-1).ToWantedHold());
        Named(field, () => With(most + 1).ToWantedHold());
        Named(field, () => With(long.MaxValue).ToWantedHold());
        Named(field, () => With(long.MinValue).ToWantedHold());

        HoldRequest With(long value)
        {
            var request = Hold();
            set(request.Limits = new Limits(), value);
            return request;
        }
    }

    [Fact]
    public void Limits_of_rates_only_are_none()
    {
        var request = Hold();
        request.Limits = new Limits { RequestsPerMinute = -1, Parallel = 3 };

        request.ToWantedHold().Limits.ShouldBeNull();
    }

    [Fact]
    public void Good_requests_pass_as_they_are()
    {
        var hold = Hold().ToWantedHold();
        (hold.RequestId, hold.AccountId, hold.KeyId, hold.PromptTokens, hold.OutputTokens, hold.MinOutputTokens)
            .ShouldBe((RequestId, "user@example.com:1", null, 10, 20, 5));
        hold.Candidates.ShouldHaveSingleItem().ShouldBe(new PricedModel("openai", "gpt-4o"));

        var call = Settle().ToUsedCall(TimeProvider.System);
        call.Tokens.ShouldBe(new TokenUsage(1, 2, 3, 4) { CacheWrite1h = 5, Reasoning = 2 });
        call.Attempts.ShouldBe("[]");
    }

    [Fact]
    public void Attempts_are_stored_as_documented()
    {
        AttemptsJson.Write([Attempt()]).ShouldBe(
            """[{"deployment":"openai-1","provider":"openai","model":"gpt-4o","outcome":"ok","status":200,"duration_ms":812}]""");
    }

    [Fact]
    public void Of_an_attempt_that_did_not_answer_its_usage_is_stored_too()
    {
        var wasted = Attempt();
        (wasted.Hedged, wasted.Usage) = (true, new() { InputTokens = 1, CachedInputTokens = 2, CacheWriteTokens = 3, CacheWrite1HTokens = 4, OutputTokens = 5, ReasoningTokens = 6, Estimated = true });

        AttemptsJson.Read(AttemptsJson.Write([wasted, Attempt()])).ShouldBe([wasted, Attempt()]);
    }

    // The tier is silent about cached input, which then rises as input does: beyond every bound.
    private static void Raise(ModelPrice price)
    {
        price.CachedInput = TokenPrices.Highest;
        price.Tiers.Add(new PriceTier { PromptTokensAbove = 1, Input = TokenPrices.Highest });
    }

    private static void Named(string field, Func<object> act)
    {
        var status = Should.Throw<RpcException>(act).Status;
        (status.StatusCode, status.Detail.Split(": ")[0]).ShouldBe((StatusCode.InvalidArgument, field));
    }

    private static Candidate Candidate() => new() { Deployment = "openai-1", Provider = "openai", Model = "gpt-4o" };

    private static Attempt Attempt() => new() { Candidate = Candidate(), Outcome = "ok", Status = 200, DurationMs = 812 };

    private static HoldRequest Hold() => new()
    {
        RequestId = RequestId,
        AccountId = "user@example.com:1",
        Candidates = { Candidate() },
        PromptTokens = 10,
        OutputTokens = 20,
        MinOutputTokens = 5,
    };

    private static SettleRequest Settle() => new()
    {
        RequestId = RequestId,
        ServedBy = Candidate(),
        Usage = new Usage { InputTokens = 1, CachedInputTokens = 2, CacheWriteTokens = 3, OutputTokens = 4, ReasoningTokens = 2, CacheWrite1HTokens = 5 },
        RequestedModel = "gpt-4o",
    };
}
