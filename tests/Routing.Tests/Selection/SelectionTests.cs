using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Tests.Selection;

public sealed class SelectionTests
{
    [Fact]
    public void A_weighted_shuffle_gives_each_deployment_its_share_of_first_places()
    {
        var policy = new WeightedShufflePolicy(new Random(7));
        var first = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0, ["c"] = 0 };
        for (var round = 0; round < 10_000; round++)
        {
            Deployment[] candidates = [Of("a", 1), Of("b", 3), Of("c", 0)];
            policy.Order(candidates);
            first[candidates[0].Id]++;
            candidates.Select(candidate => candidate.Id).Order().ShouldBe(["a", "b", "c"]);
        }

        first["a"].ShouldBeInRange(2300, 2700);
        first["b"].ShouldBeInRange(7300, 7700);
        first["c"].ShouldBe(0);
    }

    [Fact]
    public void File_order_is_the_files_order()
    {
        Deployment[] candidates = [Of("a", 1), Of("b", 100)];

        new FileOrderPolicy().Order(candidates);

        candidates.Select(candidate => candidate.Id).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Every_name_that_a_file_may_use_has_its_policy()
    {
        var policies = new SelectionPolicies(new Random(1));

        SelectionPolicies.Names.ShouldAllBe(name => policies[name].Name == name);
    }

    private static Deployment Of(string id, double weight) =>
        new() { Id = id, ModelName = "m", Provider = "p", UpstreamModel = id, Adapter = "openai", Weight = weight };
}
