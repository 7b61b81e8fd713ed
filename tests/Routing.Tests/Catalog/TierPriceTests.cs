using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Routing.Tests.Catalog;

public sealed class TierPriceTests
{
    [Fact]
    public void Every_price_by_LiteLLMs_names_reaches_billing()
    {
        var (catalog, problems) = CatalogFileTests.Check(
            """
            model_list:
              - model_name: m
                litellm_params:
                  model: openai/m
                  input_cost_per_token: 1e-6
                  output_cost_per_token: 2e-6
                  cache_read_input_token_cost: 1e-7
                  cache_creation_input_token_cost: 1.25e-6
                  cache_creation_input_token_cost_above_1hr: 2e-6
                  output_cost_per_reasoning_token: 3e-6
                  input_cost_per_request: 0.005
                  input_cost_per_token_above_272k_tokens: 4e-6
                  input_cost_per_token_above_200k_tokens: 2e-6
                  output_cost_per_token_above_200k_tokens: 4e-6
                model_info:
                  cache_read_input_token_cost_above_200k_tokens: 2e-7
                  cache_creation_input_token_cost_above_200k_tokens: 2.5e-6
                  cache_creation_input_token_cost_above_1hr_above_200k_tokens: 4e-6
                  output_cost_per_reasoning_token_above_200k_tokens: 6e-6
            """);

        problems.Errors.ShouldBeEmpty();
        problems.Warnings.ShouldBeEmpty();
        Announced(catalog).ShouldBe(new ModelPrice
        {
            Provider = "openai",
            Model = "m",
            Input = 1_000_000_000,
            Output = 2_000_000_000,
            CachedInput = 100_000_000,
            CacheWrite = 1_250_000_000,
            CacheWrite1H = 2_000_000_000,
            Reasoning = 3_000_000_000,
            PerRequest = 5_000_000,
            Tiers =
            {
                new PriceTier
                {
                    PromptTokensAbove = 200_000,
                    Input = 2_000_000_000,
                    Output = 4_000_000_000,
                    CachedInput = 200_000_000,
                    CacheWrite = 2_500_000_000,
                    CacheWrite1H = 4_000_000_000,
                    Reasoning = 6_000_000_000,
                },
                new PriceTier { PromptTokensAbove = 272_000, Input = 4_000_000_000 },
            },
        });
    }

    [Theory]
    [InlineData("input_cost_per_token_above_200k_tokens: 1e-6", "needs input_cost_per_token and output_cost_per_token")]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 1e-6, input_cost_per_token_above_200k_tokens: dear", "input_cost_per_token_above_200k_tokens must be")]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 1e-6, input_cost_per_request: -1", "input_cost_per_request must be")]
    [InlineData("input_cost_per_token: 1e-6, output_cost_per_token: 1e-6, input_cost_per_request: 1e-10", "input_cost_per_request must be")]
    public void A_bad_price_is_named(string prices, string expected)
    {
        var (_, problems) = CatalogFileTests.Check($$"""model_list: [{ model_name: m, litellm_params: { model: openai/m, {{prices}} } }]""");

        problems.Errors.ShouldHaveSingleItem().ShouldContain(expected);
    }

    [Fact]
    public void Deployments_whose_tiers_differ_are_not_priced_alike()
    {
        var (_, problems) = CatalogFileTests.Check(
            """
            model_list:
              - { model_name: a, litellm_params: { model: openai/m, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } }
              - { model_name: b, litellm_params: { model: openai/m, input_cost_per_token: 1e-6, output_cost_per_token: 2e-6, input_cost_per_token_above_200k_tokens: 2e-6 } }
            """);

        problems.Errors.ShouldHaveSingleItem().ShouldContain("another price");
    }

    [Fact]
    public void What_costs_by_the_call_is_not_free()
    {
        TokenPrices.Free.IsFree.ShouldBeTrue();
        (TokenPrices.Free with { PerRequest = 1 }).IsFree.ShouldBeFalse();
    }

    private static ModelPrice Announced(CheckedCatalog catalog) => PriceAnnouncer.Prices(new CatalogBuilder(
        catalog, new ProvidersOptions { OpenAi = { ApiKey = "sk" } }, MockAnswers: false, "", new ConfigurationBuilder().Build()).Build([]))
        .Prices.ShouldHaveSingleItem();
}
