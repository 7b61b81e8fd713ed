using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Pricing;

public sealed class NanoUsdTests
{
    private static readonly Arbitrary<long> Tokens = Gen.Choose(0, 1_000_000_000).Select(tokens => (long)tokens).ToArbitrary();
    private static readonly Arbitrary<long> Prices = Gen.Choose(0, int.MaxValue).Select(price => (long)price * 46).ToArbitrary();
    private static readonly Arbitrary<int> Markups = Gen.Choose(0, 100_000).ToArbitrary();

    [Fact]
    public void A_customer_price_is_the_least_whole_amount_that_covers_the_exact_one() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tokens, Prices, Markups, (tokens, price, markup) =>
        {
            var exact = (Int128)tokens * price * (10_000 + markup);
            Int128 charged = NanoUsd.CustomerPrice((Int128)tokens * price, markup).Value;
            return charged * 10_000_000_000 >= exact && (charged - 1) * 10_000_000_000 < exact;
        }));

    [Fact]
    public void A_provider_cost_is_the_least_whole_amount_that_covers_the_exact_one() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tokens, Prices, (tokens, price) =>
        {
            Int128 cost = NanoUsd.ProviderCost((Int128)tokens * price).Value;
            return cost * 1_000_000 >= (Int128)tokens * price && (cost - 1) * 1_000_000 < (Int128)tokens * price;
        }));

    [Fact]
    public void More_tokens_never_cost_less_and_a_customer_never_pays_less_than_the_provider_asks() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tokens, Prices, Markups, (tokens, price, markup) =>
        {
            var of = new TokenPrices(price, price, price, price);
            var some = new TokenUsage(tokens, 0, 0, tokens / 2);
            var more = new TokenUsage(tokens + 1, 0, 0, tokens / 2);
            return of.CustomerPrice(some, markup) <= of.CustomerPrice(more, markup)
                && of.CustomerPrice(some, markup) >= of.ProviderCost(some);
        }));

    [Fact]
    public void No_usage_within_the_bounds_costs_more_than_its_bound() =>
        Check.QuickThrowOnFailure(Prop.ForAll(Tokens, Prices, Markups, (tokens, price, markup) =>
        {
            var of = new TokenPrices(price, price / 10, price + 7, price * 4);
            return Enumerable.Range(0, 4).All(part => of.CustomerPrice(
                new(tokens * part / 4, tokens - (tokens * part / 4), 0, tokens / 3), markup) <= of.Bound(tokens, tokens / 3, markup));
        }));

    [Theory]
    [InlineData(1, 1, 0, 1)]
    [InlineData(0, 1_000_000, 2500, 0)]
    [InlineData(1_000_000, 1, 0, 1)]
    [InlineData(1_000_001, 1, 0, 2)]
    [InlineData(1000, 150_000_000, 2500, 187_500)]
    public void Prices_in_figures(long tokens, long perMillion, int markup, long expected) =>
        NanoUsd.CustomerPrice((Int128)tokens * perMillion, markup).Value.ShouldBe(expected);

    [Fact]
    public void The_dearest_usage_at_the_highest_price_and_markup_still_fits()
    {
        const long Most = Billing.Grpc.Fields.MostTokens;
        var dearest = new TokenPrices(TokenPrices.Highest, TokenPrices.Highest, TokenPrices.Highest, TokenPrices.Highest);

        dearest.CustomerPrice(new(Most, Most, Most, Most), 100_000).Value.ShouldBe(4_400_000_000_000_000_000);
    }

    [Fact]
    public void What_does_not_fit_throws()
    {
        Should.Throw<OverflowException>(() => new NanoUsd(long.MaxValue) + new NanoUsd(1));
        Should.Throw<OverflowException>(() => new NanoUsd(long.MinValue) - new NanoUsd(1));
        Should.Throw<OverflowException>(() => NanoUsd.CustomerPrice((Int128)long.MaxValue * 10_000_000_000, 0));
        Should.Throw<OverflowException>(() => NanoUsd.CustomerPrice(Int128.MaxValue, 2500));
    }

    [Fact]
    public void Dollars_are_exact_or_refused()
    {
        NanoUsd.FromUsd(100.000000001m).ShouldBe(new NanoUsd(100_000_000_001));
        Should.Throw<ArgumentOutOfRangeException>(() => NanoUsd.FromUsd(0.0000000001m));
        new NanoUsd(-1_500_000_000).ToString().ShouldBe("-1.5 USD");
    }
}
