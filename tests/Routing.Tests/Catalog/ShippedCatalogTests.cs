using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Routing.Tests.Catalog;

public sealed class ShippedCatalogTests
{
    private readonly CatalogProblems _problems = new("models.yaml");
    private readonly CheckedCatalog _catalog;

    public ShippedCatalogTests() => _catalog = new CatalogValidator(_problems).Check(
        CatalogFile.Read(Path.Combine(AppContext.BaseDirectory, "models.yaml"), _problems));

    [Fact]
    public void It_is_valid_and_every_key_in_it_has_an_effect()
    {
        _problems.Errors.ShouldBeEmpty();
        _problems.Warnings.ShouldBeEmpty();
        _catalog.Entries.Count.ShouldBe(63);
    }

    [Fact]
    public void Every_model_has_a_price_of_its_own_and_none_is_free_by_oversight() =>
        _catalog.Entries.ShouldAllBe(entry => entry.Prices != null && entry.Prices.Input > 0
            && (entry.Prices.Output > 0 || entry.Mode == ModelMode.Embedding));

    [Theory]
    [InlineData("gpt-4o", 2_500_000_000, 1_250_000_000, 10_000_000_000)]
    [InlineData("gpt-4o-mini", 150_000_000, 75_000_000, 600_000_000)]
    [InlineData("gpt-3.5-turbo", 500_000_000, null, 1_500_000_000)]
    [InlineData("claude-opus-5-5", 4_000_000_000, 200_000_000, 20_000_000_000)]
    [InlineData("gemini-2.5-flash-lite", 100_000_000, 10_000_000, 400_000_000)]
    public void Prices_are_those_of_their_source(string model, long input, object? cached, long output)
    {
        var prices = _catalog.Entries.Single(entry => entry.Name == model).Prices!;

        (prices.Input, prices.CachedInput, prices.Output).ShouldBe((input, cached is null ? null : Convert.ToInt64(cached), output));
    }

    [Theory]
    [InlineData("gpt-4")]
    [InlineData("gpt-3.5-turbo")]
    [InlineData("claude-2")]
    [InlineData("claude-3")]
    [InlineData("gemini-pro")]
    [InlineData("gemini-1.5-pro")]
    public void The_well_known_older_names_are_found(string name)
    {
        var builder = new CatalogBuilder(_catalog, _catalog, new ProvidersOptions(), MockAnswers: true, "", new ConfigurationBuilder().Build());

        builder.Build([]).Find(name).ShouldNotBeNull();
    }
}
