using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Pricing;

public sealed class HoldQuoteTests
{
    [Fact]
    public void The_largest_output_fits_and_the_next_one_does_not() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Choose(0, 2_000_000_000).Three().ToArbitrary(), Gen.Choose(0, 5000).Two().ToArbitrary(), (prices, tokens) =>
        {
            var quote = new HoldQuote(
                [new(prices.Item1, prices.Item1, prices.Item1, prices.Item2), new(0, 0, 0, prices.Item3)], tokens.Item1, 2500);
            var available = new NanoUsd(tokens.Item2 * 1000L);

            return quote.LargestOutput(10, 4096, available) is { } output
                ? output is >= 10 and < 4096 && quote.Amount(output) <= available && (output == 4095 || quote.Amount(output + 1) > available)
                : quote.Amount(10) > available;
        }));

    [Fact]
    public void A_bound_that_may_not_shrink_has_no_smaller_one() =>
        new HoldQuote([new(1, 1, 1, 1)], 0, 0).LargestOutput(100, 100, new(1000)).ShouldBeNull();
}
