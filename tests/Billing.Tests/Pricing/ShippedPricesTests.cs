using LlmGateway.Billing.Pricing;

namespace LlmGateway.Billing.Tests.Pricing;

/// <summary>Costs computed by hand, from what providers report and what the shipped file says: US dollars for the provider, times 1.25 for the customer.</summary>
public sealed class ShippedPricesTests
{
    private static readonly IReadOnlyList<PriceRow> Rows = PriceFile.Read(PriceFileAnnouncer.Shipped);

    [Fact]
    public void Every_model_of_it_has_a_price_that_can_be_charged_with_its_source_and_day()
    {
        Rows.Select(row => (row.Provider, row.Model)).Distinct().Count().ShouldBe(63);
        Rows.ShouldAllBe(row => row.Prices.Usable != null && row.Prices.Input > 0 && row.SourceName!.Length > 0 && row.AsOf!.StartsWith("2026-"));
        Rows.ShouldAllBe(row => row.Prices.Output > 0 || row.Model.Contains("embedding"));
        Rows.Count(row => row.EffectiveFrom > PriceRow.Always).ShouldBe(7);
        Rows.Count(row => row.Prices.Tiers.Length > 0).ShouldBe(12);
    }

    // {"prompt_tokens":1000,"completion_tokens":200,"prompt_tokens_details":{"cached_tokens":600}}: 400 x 2.5 + 600 x 1.25 + 200 x 10
    [Fact]
    public void OpenAi_counts_what_was_cached_within_the_prompt() =>
        CostOf("openai/gpt-4o", new(400, 600, 0, 200)).ShouldBe((0.00375m, 0.0046875m));

    // {"prompt_tokens":300000,"completion_tokens":5000,"prompt_tokens_details":{"cached_tokens":100000},
    //  "completion_tokens_details":{"reasoning_tokens":3000}}: 200,000 x 5 + 100,000 x 0.5 + 5,000 x 22.5
    [Fact]
    public void OpenAi_asks_more_for_all_of_a_call_above_272000_prompt_tokens()
    {
        CostOf("openai/gpt-5.4", new(200_000, 100_000, 0, 5000) { Reasoning = 3000 }).ShouldBe((1.1625m, 1.453125m));
        CostOf("openai/gpt-5.4", new(272_000, 0, 0, 0)).ShouldBe((0.68m, 0.85m));
        CostOf("openai/gpt-5.4", new(272_001, 0, 0, 0)).ShouldBe((1.360005m, 1.70000625m));
    }

    // {"prompt_tokens":3000,"completion_tokens":100,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":1000}}:
    // 1,000 x 2 + 1,000 x 0.2 + 1,000 x 2.5 + 100 x 10; where no price of writes is published, 1.25 times the input's:
    // 1,000 x 4 + 1,000 x 0.4 + 1,000 x 5 + 100 x 20
    [Fact]
    public void OpenAi_bills_cache_writes()
    {
        CostOf("openai/gpt-6-sol", new(1000, 1000, 1000, 100)).ShouldBe((0.0057m, 0.007125m));
        CostOf("openai/gpt-5.6-sol", new(1000, 1000, 1000, 100)).ShouldBe((0.0114m, 0.01425m));
    }

    // {"input_tokens":1200,"cache_read_input_tokens":8000,"cache_creation_input_tokens":3000,"output_tokens":700,
    //  "cache_creation":{"ephemeral_5m_input_tokens":2000,"ephemeral_1h_input_tokens":1000}}:
    // 1,200 x 4 + 8,000 x 0.2 + 2,000 x 5 + 1,000 x 8 + 700 x 20
    [Fact]
    public void Anthropic_counts_what_was_cached_outside_the_input_and_asks_more_for_an_hour() =>
        CostOf("anthropic/claude-opus-5-5", new(1200, 8000, 2000, 700) { CacheWrite1h = 1000, Reasoning = 500 }).ShouldBe((0.0384m, 0.048m));

    // {"input_tokens":20000,"cache_read_input_tokens":90000,"output_tokens":1000}: 20,000 x 0.5 + 90,000 x 0.05 + 1,000 x 2.5
    [Fact]
    public void Anthropic_counts_what_was_cached_towards_the_long_context() =>
        CostOf("anthropic/claude-haiku-5-5", new(20_000, 90_000, 0, 1000)).ShouldBe((0.017m, 0.02125m));

    // The tier has no price of an hour; input doubles in it, and so does that: 150,000 x 6 + 60,000 x 12 + 1,000 x 22.5
    [Fact]
    public void A_tier_raises_what_it_is_silent_about() =>
        CostOf("anthropic/claude-sonnet-4-5", new(150_000, 0, 0, 1000) { CacheWrite1h = 60_000 }).ShouldBe((1.6425m, 2.053125m));

    // {"promptTokenCount":210000,"cachedContentTokenCount":10000,"candidatesTokenCount":1000,"thoughtsTokenCount":4000}:
    // 200,000 x 2.5 + 10,000 x 0.25 + (1,000 + 4,000) x 15
    [Fact]
    public void Gemini_counts_thoughts_beside_the_candidates() =>
        CostOf("gemini/gemini-2.5-pro", new(200_000, 10_000, 0, 5000) { Reasoning = 4000 }).ShouldBe((0.5775m, 0.721875m));

    [Theory]
    [InlineData("openai/gpt-5.6-luna", "2026-07-29T23:59:59Z", 1.0)]
    [InlineData("openai/gpt-5.6-luna", "2026-07-30T00:00:00Z", 0.2)]
    [InlineData("gemini/gemini-4-argon", "2026-11-30T23:59:59Z", 2)]
    [InlineData("gemini/gemini-4-argon", "2026-12-01T00:00:00Z", 4)]
    [InlineData("gemini/gemini-3.7-flash", "2028-01-01T00:00:00Z", 1.5)]
    public void Prices_change_on_their_day(string model, string at, double input)
    {
        var prices = At(model, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));

        prices.ProviderCost(new(100_000, 0, 0, 0)).ShouldBe(NanoUsd.FromUsd((decimal)input / 10));
    }

    private static (decimal Provider, decimal Customer) CostOf(string model, TokenUsage usage)
    {
        var prices = At(model, new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero));
        return (prices.ProviderCost(usage).Value / 1_000_000_000m, prices.CustomerPrice(usage, 2500).Value / 1_000_000_000m);
    }

    private static TokenPrices At(string model, DateTimeOffset moment) =>
        Rows.Last(row => $"{row.Provider}/{row.Model}" == model && row.EffectiveFrom <= moment).Prices.Usable!;
}
