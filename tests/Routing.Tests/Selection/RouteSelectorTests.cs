using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Tests.Selection;

public sealed class RouteSelectorTests
{
    [Fact]
    public void A_lower_order_goes_first_whatever_the_weights_and_those_without_one_last()
    {
        Deployment[] deployments =
        [
            SelectionTests.Of("later", 100), SelectionTests.Of("second") with { Order = 2 }, SelectionTests.Of("first-a") with { Order = 1 },
            SelectionTests.Of("first-b") with { Order = 1 },
        ];
        var seen = new HashSet<string>();
        var selector = new RouteSelector(SelectionTests.Policies(new Traffic(TimeProvider.System)));
        for (var round = 0; round < 50; round++)
        {
            var order = Order(selector, deployments);
            order[2..].ShouldBe(["second", "later"]);
            seen.Add(order[0]);
        }

        seen.Order().ShouldBe(["first-a", "first-b"]);
    }

    [Fact]
    public void A_models_own_strategy_goes_before_the_catalogues()
    {
        var selector = new RouteSelector(SelectionTests.Policies(new Traffic(TimeProvider.System)));
        Deployment[] deployments = [SelectionTests.Of("a"), SelectionTests.Of("b"), SelectionTests.Of("c")];

        for (var round = 0; round < 50; round++)
        {
            Order(selector, deployments, "file-order").ShouldBe(["a", "b", "c"]);
        }
    }

    private static string[] Order(RouteSelector selector, Deployment[] deployments, string? strategy = null)
    {
        var model = new CatalogModel("m", deployments) { Strategy = strategy };
        var snapshot = new CatalogSnapshot([model], new Dictionary<string, string>(), "m", new CheckedRouter { Strategy = "simple-shuffle" });
        return [.. selector.Candidates(snapshot, model, SelectionCalls.Of("""{"messages":[]}""")).Select(deployment => deployment.Id)];
    }
}
