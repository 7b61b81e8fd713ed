using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Data;
using LlmGateway.Billing.Ledger;
using LlmGateway.Billing.Pricing;
using LlmGateway.Protos.Billing.V1;
using Microsoft.EntityFrameworkCore;

namespace LlmGateway.Billing.Tests.Ledger;

/// <summary>What each provider call costs us, as postings of their own.</summary>
public sealed class ProviderCostTests(BillingSystem billing) : IClassFixture<BillingSystem>
{
    private static readonly PricedModel Model = new("p", "m");

    // Prices with a fraction of a nano-dollar a token, so that rounding shows.
    private static readonly Gen<TokenPrices> AnyPrices =
        from input in Gen.Choose(0, 3_000_000)
        from output in Gen.Choose(0, 9_000_000)
        from request in Gen.Choose(0, 2)
        select new TokenPrices(input, null, null, output) { PerRequest = request };

    private static readonly Gen<TokenUsage> AnyUsage =
        from input in Gen.Choose(0, 500)
        from cached in Gen.Choose(0, 500)
        from write in Gen.Choose(0, 50)
        from output in Gen.Choose(0, 200)
        select new TokenUsage(input, cached, write, output);

    private static readonly Gen<AnyCall> AnyCalls =
        from answer in Gen.Zip(AnyPrices, AnyUsage)
        from wasted in Gen.ListOf(Gen.Zip(AnyPrices, AnyUsage)).Select(wasted => wasted.Take(6).ToArray())
        from hedged in Gen.Choose(0, 63)
        from ending in Gen.Elements(Ending.Whole, Ending.Empty, Ending.Broken, Ending.ClientLeft, Ending.Failed)
        from markup in Gen.Elements(-10_000, 0, 2_500, 100_000)
        from rules in Gen.Choose(0, 31)
        select new AnyCall(answer, wasted, hedged, ending, markup, rules);

    [Fact]
    public void The_parts_sum_to_the_whole_and_each_covers_its_own_tokens_by_less_than_a_nano() =>
        Check.QuickThrowOnFailure(Prop.ForAll(AnyCalls.ToArbitrary(), call =>
        {
            var line = call.Price().ToLine().ShouldNotBeNull();

            line.ProviderCost.ShouldBe(new(line.ProviderCosts.Sum(part => part.Cost.Value)));
            line.ProviderCosts.Select(part => part.Attempt).ShouldBe(call.Numbers);
            foreach (var (part, (prices, usage)) in line.ProviderCosts.Zip(call.Parts))
            {
                ((Int128)part.Cost.Value * 1_000_000 - prices.TimesPrice(usage)).ShouldBeInRange((Int128)0, 999_999);
            }

            (line.Wasted.ProviderCost.Value, line.Wasted.Price.Value).ShouldSatisfyAllConditions(
                wasted => wasted.Item1.ShouldBeInRange(0, line.ProviderCost.Value), wasted => wasted.Item2.ShouldBeInRange(0, line.Cost.Value));
        }));

    [Fact]
    public void What_the_customer_pays_for_several_provider_calls_is_rounded_once() =>
        Check.QuickThrowOnFailure(Prop.ForAll(AnyCalls.ToArbitrary(), call =>
        {
            var line = call.Price().ToLine().ShouldNotBeNull();

            line.Cost.ShouldBe(NanoUsd.CustomerPrice(call.Paid, call.Markup));
        }));

    [Fact]
    public async Task Settlements_that_share_a_statement_book_each_provider_call_once()
    {
        var models = await Task.WhenAll(AnyPrices.Sample(4).Select(prices => billing.NewModelAsync(prices with { PerRequest = 0 })));
        var calls = AnyUsage.Sample(120).Chunk(4).Select((usages, index) => new UsedCall(
            BillingSystem.NewRequest(), models[index % 4], "served", "the-model", usages[0], 0, Estimated: false, billing.Time.GetUtcNow(), 1, 2, "[]")
        {
            Ending = index % 7 == 6 ? Ending.Failed : Ending.Whole,
            Answered = index % 7 == 6 ? 0 : 4,
            Wasted = [.. usages.Skip(1).Select((usage, at) => new WastedAttempt(models[(index + at) % 4], usage, Hedged: at == 1)
            {
                Number = at + 1,
                Deployment = $"wasted-{at + 1}",
            })],
        }).ToArray();
        await Task.WhenAll(calls.Select(call => billing.Holds.HoldAsync(
            new(call.RequestId, billing.NewAccount(), "key-1", models, 0, 10, 10), CancellationToken.None)));

        var settled = await Task.WhenAll(calls.Concat(calls).Select(call => billing.Settlements.SettleAsync(call, CancellationToken.None)));
        var again = await Task.WhenAll(calls.Select(call => billing.Settlements.SettleAsync(call, CancellationToken.None)));

        settled.Concat(again).ShouldAllBe(answer => answer.Value != null);
        foreach (var (call, answer) in calls.Zip(again))
        {
            var lines = await LinesAsync(call.RequestId);
            lines.Sum(line => line.Cost).ShouldBe(answer.Value!.ProviderCost.Value);
            lines.Select(line => line.Posting.Attempt).ShouldBe(lines.Select(line => line.Posting.Attempt).Distinct());
            foreach (var (posting, cost) in lines)
            {
                var part = posting.Attempt == 4
                    ? (call.Served, call.Deployment, call.Tokens)
                    : (call.Wasted[posting.Attempt!.Value - 1].Model, $"wasted-{posting.Attempt}", call.Wasted[posting.Attempt.Value - 1].Tokens);
                (new PricedModel(posting.Provider!, posting.ProviderModel!), posting.Deployment, Tokens(posting)).ShouldBe(part);
                cost.ShouldBe((await PricesAsync(posting.PriceVersion!.Value)).ProviderCost(Tokens(posting)).Value);
            }
        }

        await billing.VerifyAsync();
    }

    [Fact]
    public async Task What_the_sweep_assumed_is_corrected_in_sum()
    {
        await using var system = await billing.ReplicaAsync(("Billing:ExpiredHolds", "settle"));
        var (request, model) = (BillingSystem.NewRequest(), await system.NewModelAsync());
        await system.HoldAsync(request, system.NewAccount(), model, output: 100);
        system.Time.Advance(TimeSpan.FromMinutes(20));
        await system.SweepAsync();
        (await LinesAsync(request)).Select(line => (line.Posting.Attempt, line.Cost)).ShouldBe([(0, 80)]);

        await system.SettleAsync(request, model, output: 10);

        (await billing.CountAsync(
            "select sum(e.amount) from billing.entries e join billing.postings p on p.id = e.posting_id where p.request_id = $1 and e.book = 'provider_cost'",
            request)).ShouldBe(8);
        await billing.VerifyAsync();
    }

    private Task<List<(Posting Posting, long Cost)>> LinesAsync(string request) => billing.ReadAsync(async db =>
        (await new Generations(db).ProviderCosts(request).ToListAsync()).ConvertAll(row => (row.Posting, row.Entry.Amount)));

    private Task<TokenPrices> PricesAsync(long version) => billing.ReadAsync(async db =>
        AnnouncedPrices.Of(await db.PriceVersions.SingleAsync(row => row.Id == version)).Usable!);

    private static TokenUsage Tokens(Posting posting) => new(
        posting.InputTokens!.Value, posting.CachedInputTokens!.Value, posting.CacheWriteTokens!.Value, posting.OutputTokens!.Value);

    /// <param name="Hedged">A bit for each wasted attempt.</param>
    /// <param name="Rules">A bit for each rule: the customer pays.</param>
    private sealed record AnyCall(
        (TokenPrices Prices, TokenUsage Usage) Answer, (TokenPrices Prices, TokenUsage Usage)[] Wasted, int Hedged, Ending Ending, int Markup, int Rules)
    {
        public IEnumerable<(TokenPrices Prices, TokenUsage Usage)> Parts => Ending == Ending.Failed ? Wasted : [Answer, .. Wasted];

        public IEnumerable<int> Numbers => Enumerable.Range(1, Wasted.Length).Prepend(Wasted.Length + 1).Skip(Ending == Ending.Failed ? 1 : 0);

        public Int128 Paid => (Ending == Ending.Failed || Waste.Of(Ending) == Payer.Platform ? 0 : Answer.Prices.TimesPrice(Answer.Usage))
            + Wasted.Zip(Attempts, (part, attempt) => Waste.Of(attempt) == Payer.Platform ? 0 : part.Prices.TimesPrice(part.Usage))
                .Aggregate((Int128)0, (sum, part) => sum + part);

        private WastedAttempt[] Attempts => [.. Wasted.Select((part, index) =>
            new WastedAttempt(Model, part.Usage, (Hedged >> index & 1) == 1) { Number = index + 1, Deployment = "d" })];

        private WasteOptions Waste => new()
        {
            Failed = Rule(0),
            Hedged = Rule(1),
            Empty = Rule(2),
            Broken = Rule(3),
            Drained = Rule(4),
        };

        public CallPricing Price()
        {
            var call = new UsedCall("r", Model, "d", "m", Answer.Usage, 0, Estimated: false, default, 0, 0, "[]")
            {
                Ending = Ending,
                Wasted = Attempts,
                Answered = Wasted.Length + 1,
            };
            var pricing = new CallPricing(call, Waste, Markup);
            pricing.AddAnswer(Answer.Prices, 1);
            foreach (var (attempt, part) in Attempts.Zip(Wasted))
            {
                pricing.AddWaste(attempt, part.Prices, 2);
            }

            return pricing;
        }

        private Payer Rule(int bit) => (Rules >> bit & 1) == 1 ? Payer.Customer : Payer.Platform;
    }
}
