using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;
using LlmGateway.Routing.Tests.Selection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>In which order models and their fallbacks are tried. A model here has the deployments "name/1", "name/2", in the file's order.</summary>
public sealed class CandidateChainTests
{
    private static readonly CallFault TooLong = new(CallFailure.ProviderRefused, "") { Status = 400, Code = "context_length_exceeded" };
    private static readonly CallFault Policy = new(CallFailure.ProviderRefused, "") { Status = 400, Code = "content_policy_violation" };
    private static readonly CallFault Other = new(CallFailure.ProviderRefused, "") { Status = 400, Code = "invalid_value" };

    [Fact]
    public void Fallbacks_come_after_all_of_the_models_own_deployments_and_their_fallbacks_after_those()
    {
        var chain = Chain("a", Model("a", 2, fallbacks: ["b", "c"]), Model("b", 1, fallbacks: ["d"]), Model("c", 2), Model("d", 1));

        Rest(chain).ShouldBe("a/1 a/2 b/1 c/1 c/2 d/1");
        chain.Reachable.Select(deployment => deployment.Id).ShouldBe(["a/1", "a/2", "b/1", "c/1", "c/2", "d/1"]);
    }

    [Fact]
    public void A_fallback_that_does_something_else_is_passed_over()
    {
        var embeds = Model("b", 1) with { Deployments = [.. Model("b", 1).Deployments.Select(deployment => deployment with { Mode = ModelMode.Embedding })] };

        var chain = Chain("a", Model("a", 1, fallbacks: ["b", "c"]), embeds, Model("c", 1));

        Rest(chain).ShouldBe("a/1 c/1");
        chain.Reachable.Select(deployment => deployment.Id).ShouldBe(["a/1", "c/1"]);
    }

    [Fact]
    public void A_loop_ends_and_a_name_that_nobody_has_is_passed_over()
    {
        Rest(Chain("a", Model("a", 1, fallbacks: ["b", "nobody"]), Model("b", 1, fallbacks: ["a", "b"]))).ShouldBe("a/1 b/1");
    }

    [Fact]
    public void There_is_an_end_to_fallbacks_of_fallbacks()
    {
        CatalogModel[] models = [.. Enumerable.Range(0, 30).Select(index => Model($"m{index}", 1, fallbacks: [$"m{index + 1}"]))];

        var chain = Chain("m0", models);

        Rest(chain).Split(' ').Length.ShouldBe(CandidateChain.MaxModels);
        chain.Reachable.Count.ShouldBe(CandidateChain.MaxModels);
    }

    [Fact]
    public void A_prompt_that_is_too_long_goes_on_with_the_models_for_that_and_nothing_else()
    {
        var chain = Chain("a", Model("a", 2, fallbacks: ["b"], longer: ["c"]), Model("b", 1), Model("c", 1, fallbacks: ["d"]), Model("d", 1));
        chain.Next();

        chain.TurnTo(TooLong).ShouldBeTrue();

        Rest(chain).ShouldBe("c/1 d/1");
        chain.Reachable.Count.ShouldBe(5);
    }

    [Fact]
    public void One_model_may_be_there_for_any_failure_and_for_prompts_that_are_too_long()
    {
        var chain = Chain("a", Model("a", 2, fallbacks: ["b"], longer: ["b"]), Model("b", 1));
        chain.Next();

        chain.TurnTo(TooLong).ShouldBeTrue();

        Rest(chain).ShouldBe("b/1");
    }

    [Fact]
    public void A_refused_content_goes_on_with_the_models_for_that_also_of_a_fallback()
    {
        var chain = Chain("a", Model("a", 1, fallbacks: ["b"]), Model("b", 2, policy: ["c"]), Model("c", 1));
        chain.Next();
        chain.Next()!.Id.ShouldBe("b/1");

        chain.TurnTo(Policy).ShouldBeTrue();

        Rest(chain).ShouldBe("c/1");
    }

    [Fact]
    public void Another_fault_of_the_request_and_one_without_models_for_it_is_the_end()
    {
        Turned(Other).ShouldBeFalse();
        Turned(Policy).ShouldBeFalse();

        static bool Turned(CallFault fault)
        {
            var chain = Chain("a", Model("a", 2, fallbacks: ["b"], longer: ["b"]), Model("b", 1));
            chain.Next();
            return chain.TurnTo(fault) || chain.Next() is not null;
        }
    }

    /// <summary>The hold is for the dearest that the call may come to: nothing may be tried that it does not know of.</summary>
    [Fact]
    public void Whatever_is_tried_was_said_to_be_reachable()
    {
        var random = new Random(11);
        for (var round = 0; round < 500; round++)
        {
            CatalogModel[] models = [.. Enumerable.Range(0, 12).Select(index => Model($"m{index}", random.Next(1, 4), Names(), Names(), Names()))];
            var chain = Chain("m0", models);
            var reachable = chain.Reachable.Select(deployment => deployment.Id).ToHashSet();
            while (chain.Next() is { } deployment)
            {
                reachable.ShouldContain(deployment.Id);
                _ = random.Next(6) switch { 0 => chain.TurnTo(TooLong), 1 => chain.TurnTo(Policy), _ => false };
            }
        }

        string[] Names() => [.. Enumerable.Range(0, random.Next(0, 3)).Select(_ => $"m{random.Next(12)}")];
    }

    private static CandidateChain Chain(string name, params CatalogModel[] models)
    {
        var snapshot = new CatalogSnapshot(models, new Dictionary<string, string>(), "", new CheckedRouter { Strategy = "file-order" });
        return new CandidateChain(
            snapshot, new RouteSelector(SelectionTests.Policies(new Traffic(TimeProvider.System))), snapshot.Find(name)!, SelectionCalls.Of("""{"messages":[]}"""));
    }

    private static CatalogModel Model(
        string name, int deployments, IReadOnlyList<string>? fallbacks = null, IReadOnlyList<string>? longer = null, IReadOnlyList<string>? policy = null) => new(
        name,
        [.. Enumerable.Range(1, deployments).Select(index => new Deployment
        {
            Id = $"{name}/{index}",
            ModelName = name,
            Provider = "mock",
            UpstreamModel = name,
            Adapter = "mock",
        })])
        {
            Fallbacks = fallbacks ?? [],
            ContextWindowFallbacks = longer ?? [],
            ContentPolicyFallbacks = policy ?? [],
        };

    private static string Rest(CandidateChain chain)
    {
        var ids = new List<string>();
        while (chain.Next() is { } deployment)
        {
            ids.Add(deployment.Id);
        }

        return string.Join(' ', ids);
    }
}
