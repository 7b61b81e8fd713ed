using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using LlmGateway.Testing;
using Microsoft.Extensions.Configuration;

namespace LlmGateway.Routing.Tests.Catalog;

public sealed class ShippedCatalogTests
{
    private readonly CatalogProblems _problems = new("models.yaml");
    private readonly CheckedCatalog _catalog;

    public ShippedCatalogTests()
    {
        using var text = File.OpenText(Path.Combine(AppContext.BaseDirectory, "models.yaml"));
        _catalog = new CatalogValidator(_problems).Check(CatalogFile.Parse(text, _problems));
    }

    [Fact]
    public void It_is_valid_and_every_key_in_it_has_an_effect()
    {
        _problems.Errors.ShouldBeEmpty();
        _problems.Warnings.ShouldBeEmpty();
        _catalog.Entries.Count.ShouldBe(63);
    }

    [Fact]
    public void Billings_price_file_has_the_prices_of_every_model_and_of_no_other_and_the_catalogue_has_none()
    {
        using var prices = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryRoot.Path, "Billing.Service", "prices.json")));
        var priced = prices.RootElement.GetProperty("models").EnumerateArray()
            .Select(model => $"{model.GetProperty("provider").GetString()}/{model.GetProperty("model").GetString()}");

        _catalog.Entries.Select(entry => $"{entry.Provider}/{entry.Model}").ShouldBe(priced, ignoreOrder: true);
        _catalog.Entries.ShouldAllBe(entry => entry.Prices == null);
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
        var builder = new CatalogBuilder(_catalog, new ProvidersOptions(), MockAnswers: true, "", new ConfigurationBuilder().Build());

        builder.Build([]).Find(name).ShouldNotBeNull();
    }
}
