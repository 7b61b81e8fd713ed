using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Selection;

/// <summary>What is cheapest is said by Billing, whose administrators may know better than the catalogue.</summary>
[Collection(SharedRouting.Name)]
public sealed class EffectivePriceTests(RoutingFixture fixture)
{
    [Fact]
    public async Task An_administrators_price_turns_the_order_of_the_catalogues_prices_around()
    {
        fixture.Provider.On("by-cost-a", new Script());
        fixture.Provider.On("by-cost-b", new Script());
        (await AnsweredByAsync()).ShouldBe("by-cost-a");

        var dear = new ModelPrice { Provider = ProviderName.OpenAiCompatible, Model = "by-cost-a", Input = 9_000_000_000, Output = 9_000_000_000 };
        await fixture.Billing.Prices.SetPriceAsync(new() { Price = dear });
        await ReadPricesAsync();
        (await AnsweredByAsync()).ShouldBe("by-cost-b");

        await fixture.Billing.Prices.SetPriceAsync(new() { Price = new() { Provider = dear.Provider, Model = dear.Model } });
        await ReadPricesAsync();
        (await AnsweredByAsync()).ShouldBe("by-cost-a");
    }

    private Task ReadPricesAsync() => fixture.Host.Services.GetRequiredService<EffectivePrices>().ReadAsync(CancellationToken.None);

    private async Task<string> AnsweredByAsync()
    {
        var call = new TestCall("by-cost");
        (await call.RunAsync(fixture.Host)).Ended.ShouldNotBeNull();
        return (await fixture.Billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId })).Attempts.ShouldHaveSingleItem().Candidate.Model;
    }
}
