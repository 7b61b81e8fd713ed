using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LlmGateway.Protos.Billing.V1;

namespace LlmGateway.Billing.Tests.Grpc;

public sealed class PricesServiceTests(BillingServer server) : IClassFixture<BillingServer>
{
    private static readonly DateTimeOffset Later = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private PricesApi.PricesApiClient Client => server.Prices;

    [Fact]
    public async Task The_shipped_prices_are_in_force_or_planned_and_are_listed_page_by_page()
    {
        var ids = new List<long>();
        var (cursor, states) = ("", new List<string>());
        do
        {
            var page = await Client.ListPricesAsync(new() { Provider = "gemini", Limit = 5, Cursor = cursor });
            ids.AddRange(page.Prices.Select(price => price.Id));
            states.AddRange(page.Prices.Select(price => price.State));
            cursor = page.NextCursor;
        }
        while (cursor.Length > 0);

        ids.ShouldBe(ids.Distinct().OrderDescending());
        states.Count.ShouldBeGreaterThanOrEqualTo(17);
        states.ShouldAllBe(state => state == "in_force" || state == "planned" || state == "past");

        var price = (await Client.ListPricesAsync(new() { Model = "claude-haiku-5-5", State = "in_force" })).Prices.ShouldHaveSingleItem();
        (price.Source, price.AsOf, price.Price.CacheWrite1H, price.Price.Tiers.Single().PromptTokensAbove, price.EffectiveFrom)
            .ShouldBe(("file", "2026-10-24", 200_000_000, 100_000, null));
        (await Client.GetPriceAsync(new() { Id = price.Id })).ShouldBe(price);
    }

    [Fact]
    public async Task An_administrators_price_overrides_the_files_until_it_is_withdrawn_and_a_later_one_is_planned()
    {
        var stated = new ModelPrice { Provider = "openai", Model = "gpt-4o-mini", Input = 7, Output = 8, PerRequest = 9 };

        var set = await Client.SetPriceAsync(new() { Price = stated, SourceName = "our contract" });
        (set.Source, set.State, set.Price, set.SourceName).ShouldBe(("administrator", "in_force", stated, "our contract"));
        (await Client.SetPriceAsync(new() { Price = stated })).Id.ShouldBe(set.Id);
        var planned = await Client.SetPriceAsync(new() { Price = stated, EffectiveFrom = Timestamp.FromDateTimeOffset(Later) });
        planned.State.ShouldBe("planned");
        (await StatesAsync("gpt-4o-mini")).ShouldBe(["planned", "in_force", "overridden"]);

        var withdrawn = await Client.SetPriceAsync(new() { Price = new() { Provider = "openai", Model = "gpt-4o-mini" } });
        withdrawn.State.ShouldBe("withdrawn");
        (await StatesAsync("gpt-4o-mini")).ShouldBe(["withdrawn", "past", "past", "in_force"]);
    }

    [Theory]
    [InlineData("price")]
    [InlineData("price.input")]
    [InlineData("price.output")]
    [InlineData("price.provider")]
    [InlineData("effective_from")]
    public async Task A_bad_price_is_named(string field)
    {
        var price = new ModelPrice { Provider = "p", Model = "m", Input = 1, Output = 2 };
        var request = field switch
        {
            "price" => new SetPriceRequest { Price = new() { Provider = "p", Model = "never priced" } },
            "price.input" => new() { Price = new() { Provider = "p", Model = "m", Output = 1 } },
            "price.output" => new() { Price = new() { Provider = "p", Model = "m", Input = 1 } },
            "price.provider" => new() { Price = new(price) { Provider = "" } },
            _ => new SetPriceRequest { Price = price, EffectiveFrom = Timestamp.FromDateTimeOffset(Later.AddYears(-90)) },
        };

        (await RefusalAsync(() => Client.SetPriceAsync(request).ResponseAsync)).ShouldStartWith($"{field}: ");
    }

    [Fact]
    public async Task Bad_lists_and_periods_are_named()
    {
        var now = Timestamp.FromDateTimeOffset(Later);

        (await RefusalAsync(() => Client.ListPricesAsync(new() { State = "dear" }).ResponseAsync)).ShouldStartWith("state: ");
        (await RefusalAsync(() => Client.ListPricesAsync(new() { Limit = 201 }).ResponseAsync)).ShouldStartWith("limit: ");
        (await RefusalAsync(() => Client.ListPricesAsync(new() { Cursor = "x" }).ResponseAsync)).ShouldStartWith("cursor: ");
        (await RefusalAsync(() => Client.RerateAsync(new() { From = now }).ResponseAsync)).ShouldStartWith("to: ");
        (await RefusalAsync(() => Client.RerateAsync(new() { From = now, To = now }).ResponseAsync)).ShouldStartWith("to: ");
        (await RefusalAsync(() => Client.RerateAsync(new() { From = new(), To = now, Cursor = "_" }).ResponseAsync)).ShouldStartWith("cursor: ");
        (await Client.RerateAsync(new() { From = new(), To = now })).ShouldBe(new RerateReply());
    }

    private async Task<IEnumerable<string>> StatesAsync(string model) =>
        (await Client.ListPricesAsync(new() { Provider = "openai", Model = model })).Prices.Select(price => price.State);

    private static async Task<string> RefusalAsync<T>(Func<Task<T>> call)
    {
        var refused = await Should.ThrowAsync<RpcException>(call);
        refused.StatusCode.ShouldBe(StatusCode.InvalidArgument);
        return refused.Status.Detail;
    }
}
