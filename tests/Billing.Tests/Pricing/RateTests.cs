using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Pricing;

public sealed class RateTests
{
    private const int Markup = 2500;

    private static readonly Gen<long> Price = Gen.Choose(0, 2_000_000_000).Select(price => (long)price);

    private static readonly Gen<long?> Stated = Gen.OneOf(Price.Select(price => (long?)price), Gen.Constant((long?)null));

    private static readonly Gen<TokenPrices> Flat =
        from input in Price
        from cached in Stated
        from write in Stated
        from write1h in Stated
        from output in Price
        from reasoning in Stated
        from perRequest in Gen.Choose(0, 10_000_000)
        select new TokenPrices(input, cached, write, output) { CacheWrite1h = write1h, Reasoning = reasoning, PerRequest = perRequest };

    // Two tiers, each dearer than what is below it, silent about what does not rise.
    private static readonly Gen<TokenPrices> Tiered =
        from below in Flat
        from more in Gen.Choose(0, 1_000_000_000).Three()
        from silent in ArbMap.Default.GeneratorFor<bool>()
        select below with
        {
            Tiers =
            [
                new PriceTier(100_000) { Input = below.Input + more.Item1, Output = silent ? null : below.Output + more.Item2 },
                new PriceTier(200_000)
                {
                    Input = below.Input + more.Item1 + more.Item3,
                    CachedInput = silent ? null : (below.CachedInput ?? below.Input) * 2 + more.Item1 * 2L + more.Item3,
                    Output = below.Output + more.Item2 + more.Item3,
                },
            ],
        };

    private static readonly Gen<TokenUsage> Usage =
        from prompt in Gen.Choose(0, 90_000).Four()
        from output in Gen.Choose(0, 100_000).Two()
        select new TokenUsage(prompt.Item1, prompt.Item2, prompt.Item3, Math.Max(output.Item1, output.Item2))
        {
            CacheWrite1h = prompt.Item4,
            Reasoning = Math.Min(output.Item1, output.Item2),
        };

    [Fact]
    public void Where_only_a_cache_write_for_five_minutes_has_a_price_one_for_an_hour_is_held_for_too()
    {
        var prices = new TokenPrices(1_000_000, null, 1_250_000, 0);
        var written = new TokenUsage(0, 0, 0, 0) { CacheWrite1h = 1000 };

        prices.CustomerPrice(written, 0).Value.ShouldBe(2000);
        prices.Bound(1000, 0, 0).Value.ShouldBe(2000);
        (prices with { CacheWrite = null }).Bound(1000, 0, 0).Value.ShouldBe(1000);
    }

    [Fact]
    public void One_more_token_of_any_kind_never_costs_less() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tiered.ToArbitrary(), Usage.ToArbitrary(), (prices, usage) =>
            new[]
            {
                usage with { Input = usage.Input + 1 },
                usage with { CachedInput = usage.CachedInput + 1 },
                usage with { CacheWrite = usage.CacheWrite + 1 },
                usage with { CacheWrite1h = usage.CacheWrite1h + 1 },
                usage with { Output = usage.Output + 1 },
            }.All(more => prices.CustomerPrice(more, Markup) >= prices.CustomerPrice(usage, Markup))));

    [Fact]
    public void Splitting_a_call_saves_nothing_and_costs_one_rounding_and_one_more_request_at_most() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Flat.ToArbitrary(), Usage.ToArbitrary(), Usage.ToArbitrary(), (prices, one, other) =>
        {
            var whole = new TokenUsage(
                one.Input + other.Input, one.CachedInput + other.CachedInput, one.CacheWrite + other.CacheWrite, one.Output + other.Output)
            {
                CacheWrite1h = one.CacheWrite1h + other.CacheWrite1h,
                Reasoning = one.Reasoning + other.Reasoning,
            };
            var apart = prices.ProviderCost(one) + prices.ProviderCost(other) - new NanoUsd(prices.PerRequest);
            return apart >= prices.ProviderCost(whole) && apart <= prices.ProviderCost(whole) + new NanoUsd(1);
        }));

    [Fact]
    public void What_is_held_covers_every_usage_within_its_bounds_of_the_kinds_that_have_a_price() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tiered.ToArbitrary(), Usage.ToArbitrary(), (prices, usage) =>
        {
            var known = usage with
            {
                CacheWrite = prices.CacheWrite is null ? 0 : usage.CacheWrite,
                CacheWrite1h = prices is { CacheWrite: null, CacheWrite1h: null } ? 0 : usage.CacheWrite1h,
            };
            return prices.CustomerPrice(known, Markup) <= prices.Bound(known.Prompt, known.Output, Markup)
                && prices.CustomerPrice(known, Markup) <= prices.Bound(known.Prompt + 100_000, known.Output + 1, Markup);
        }));

    [Fact]
    public void A_hold_covers_the_dearest_tier_that_it_may_reach_even_if_that_is_not_the_last()
    {
        var prices = new TokenPrices(10_000_000, null, null, 0)
        {
            Tiers = [new PriceTier(100) { Input = 30_000_000 }, new PriceTier(1000) { Input = 20_000_000 }],
        };

        prices.Bound(100, 0, 0).Value.ShouldBe(1000);
        prices.Bound(101, 0, 0).Value.ShouldBe(3030);
        prices.Bound(1001, 0, 0).Value.ShouldBe(30_030);
        prices.ProviderCost(new(1001, 0, 0, 0)).Value.ShouldBe(20_020);
    }

    [Theory]
    [InlineData(100, 1000)]
    [InlineData(101, 2020)]
    public void A_tier_begins_above_its_threshold_and_counts_every_prompt_token(long prompt, long cost)
    {
        var prices = new TokenPrices(10_000_000, 10_000_000, 10_000_000, 0)
        {
            CacheWrite1h = 10_000_000,
            Tiers = [new PriceTier(100) { Input = 20_000_000 }],
        };

        prices.ProviderCost(new(prompt, 0, 0, 0)).Value.ShouldBe(cost);
        prices.ProviderCost(new(0, prompt, 0, 0)).Value.ShouldBe(cost);
        prices.ProviderCost(new(0, 0, prompt, 0)).Value.ShouldBe(cost);
        prices.ProviderCost(new(prompt - 30, 10, 10, 0) { CacheWrite1h = 10 }).Value.ShouldBe(cost);
    }

    [Fact]
    public void Cache_writes_without_a_price_cost_more_than_input_and_cached_input_without_one_as_much()
    {
        var prices = new TokenPrices(8_000_001, null, null, 0);

        prices.ProviderCost(new(0, 1_000_000, 0, 0)).Value.ShouldBe(8_000_001);
        prices.ProviderCost(new(0, 0, 1_000_000, 0)).Value.ShouldBe(10_000_002);
        prices.ProviderCost(new(0, 0, 0, 0) { CacheWrite1h = 1_000_000 }).Value.ShouldBe(16_000_002);
        (prices with { CacheWrite = 20_000_000 }).ProviderCost(new(0, 0, 0, 0) { CacheWrite1h = 1_000_000 }).Value.ShouldBe(20_000_000);
    }

    [Fact]
    public void Reasoning_is_output_unless_it_has_a_price_and_never_counts_twice()
    {
        var prices = new TokenPrices(0, 0, 0, 10_000_000);
        var usage = new TokenUsage(0, 0, 0, 100) { Reasoning = 40 };

        prices.ProviderCost(usage).Value.ShouldBe(1000);
        (prices with { Reasoning = 5_000_000 }).ProviderCost(usage).Value.ShouldBe(600 + 200);
        (prices with { Reasoning = 5_000_000 }).ProviderCost(usage with { Reasoning = 101 }).Value.ShouldBe(500);
        (prices with { Reasoning = 50_000_000 }).Bound(0, 100, 0).Value.ShouldBe(5000);
    }

    [Fact]
    public void A_calls_own_price_shares_the_one_rounding_and_is_held_too()
    {
        var prices = new TokenPrices(1, 1, 1, 1) { PerRequest = 10 };

        prices.ProviderCost(new(0, 0, 0, 0)).Value.ShouldBe(10);
        prices.CustomerPrice(new(1, 0, 0, 0), 2500).Value.ShouldBe(13);
        prices.Bound(0, 0, 2500).Value.ShouldBe(13);
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_never_wraps()
    {
        var dearest = new TokenPrices(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue) { CacheWrite1h = long.MaxValue };

        Should.Throw<OverflowException>(() => dearest.CustomerPrice(
            new(long.MaxValue / 8, long.MaxValue / 8, long.MaxValue / 8, long.MaxValue) { CacheWrite1h = long.MaxValue / 8 }, Markup));
        Should.Throw<OverflowException>(() => dearest.ProviderCost(new(long.MaxValue, 1, 0, 0)));
        Should.Throw<OverflowException>(() => dearest.Bound(long.MaxValue, long.MaxValue, 100_000));
    }

    [Fact]
    public void The_dearest_call_of_every_kind_at_the_highest_prices_and_markup_still_fits()
    {
        const long Most = Billing.Grpc.Fields.MostTokens;
        var dearest = new TokenPrices(TokenPrices.Highest, null, null, TokenPrices.Highest) { PerRequest = TokenPrices.HighestPerRequest };

        dearest.CustomerPrice(new(Most, Most, Most, Most) { CacheWrite1h = Most }, 100_000).Value.ShouldBe(6_875_011_000_000_000_000);
    }
}
