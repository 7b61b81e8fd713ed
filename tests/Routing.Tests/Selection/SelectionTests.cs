using FsCheck;
using FsCheck.Fluent;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Selection;
using LlmGateway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmGateway.Routing.Tests.Selection;

public sealed class SelectionTests
{
    private const int Rounds = 10_000;

    private readonly FakeTime _time = new();
    private readonly Dictionary<string, int> _inFlight = [];

    private Traffic Traffic { get; }

    public SelectionTests() => Traffic = new Traffic(_time);

    [Fact]
    public void A_weighted_shuffle_gives_each_deployment_its_share_of_first_places()
    {
        var first = FirstPlaces("simple-shuffle", Of("a", 1), Of("b", 3), Of("c", 0));

        first["a"].ShouldBeInRange(2300, 2700);
        first["b"].ShouldBeInRange(7300, 7700);
        first.ShouldNotContainKey("c");
    }

    [Fact]
    public void File_order_is_the_files_order() =>
        Order("file-order", Of("a", 1), Of("b", 100)).ShouldBe(["a", "b"]);

    [Fact]
    public void The_less_busy_of_two_at_random_is_taken_and_the_busiest_of_three_never()
    {
        _inFlight["a"] = 9;
        _inFlight["b"] = 2;
        _inFlight["c"] = 5;

        var first = FirstPlaces("least-busy", Of("a"), Of("b"), Of("c"));

        first.ShouldNotContainKey("a");
        first["b"].ShouldBeInRange(6400, 6900);
        first["c"].ShouldBeInRange(3100, 3600);
    }

    [Fact]
    public void Busy_is_meant_by_weight()
    {
        _inFlight["a"] = 4;
        _inFlight["b"] = 5;

        FirstPlaces("least-busy", Of("a", 1), Of("b", 2), Of("z", 0)).ShouldNotContainKey("z");
        FirstPlaces("least-busy", Of("a", 1), Of("b", 2))["b"].ShouldBe(Rounds);
    }

    [Fact]
    public void The_soonest_first_token_is_preferred_and_those_about_as_soon_share()
    {
        Measure("slow", 2);
        Measure("quick", 0.5);
        Measure("as-quick", 0.55);

        var first = FirstPlaces("latency-based-routing", Of("slow"), Of("quick"), Of("as-quick"));

        first.ShouldNotContainKey("slow");
        first["quick"].ShouldBeInRange(4700, 5300);
        Order("latency-based-routing", Of("slow"), Of("quick"))[^1].ShouldBe("slow");
    }

    [Fact]
    public void One_that_is_new_gets_its_share_at_once_and_one_that_was_slow_is_tried_again()
    {
        Measure("known", 0.5);
        FirstPlaces("latency-based-routing", Of("known"), Of("new"))["new"].ShouldBeInRange(4700, 5300);

        Measure("slow", 2);
        FirstPlaces("latency-based-routing", Of("known"), Of("slow")).ShouldNotContainKey("slow");
        _time.Advance(TimeSpan.FromMinutes(3));
        Measure("known", 0.5);
        FirstPlaces("latency-based-routing", Of("known"), Of("slow")).ShouldContainKey("slow");
    }

    [Fact]
    public void Plain_answers_are_compared_by_their_tokens_and_streams_by_their_first()
    {
        Measure("a", 0.1);
        Measure("b", 0.9);
        Traffic.Of(Of("a")).Answered(TimeSpan.FromSeconds(10), 100);
        Traffic.Of(Of("b")).Answered(TimeSpan.FromSeconds(20), 1000);

        Order("latency-based-routing", Stream(true), Of("a"), Of("b"))[0].ShouldBe("a");
        Order("latency-based-routing", Stream(false), Of("a"), Of("b"))[0].ShouldBe("b");
    }

    [Fact]
    public void The_cheapest_for_the_call_goes_first_and_one_without_a_price_last()
    {
        var prompt = Of("cheap-prompt") with { Prices = new TokenPrices(1, null, null, 100) };
        var output = Of("cheap-output") with { Prices = new TokenPrices(10, null, null, 10) };

        Order("cost-based-routing", Shape(prompt: 1000, output: 1), Of("unknown"), output, prompt).ShouldBe(["cheap-prompt", "cheap-output", "unknown"]);
        Order("cost-based-routing", Shape(prompt: 1, output: 1000), Of("unknown"), output, prompt).ShouldBe(["cheap-output", "cheap-prompt", "unknown"]);
        var equal = FirstPlaces("cost-based-routing", prompt, prompt with { Id = "same" });
        equal["same"].ShouldBeInRange(4700, 5300);
    }

    [Fact]
    public void The_least_used_part_of_its_limits_goes_first()
    {
        var (small, large) = (Of("small") with { RequestsPerMinute = 10 }, Of("large") with { RequestsPerMinute = 100 });
        Begin(small, 2);
        Begin(large, 5);

        Order("usage-based-routing", small, large)[0].ShouldBe("large");
        Order("usage-based-routing", small, Of("unlimited"))[0].ShouldBe("unlimited");
    }

    [Fact]
    public void Whatever_the_policy_every_candidate_is_in_the_order_once()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<int, byte>((seed, count) =>
        {
            var random = new Random(seed);
            Deployment[] candidates = [.. Enumerable.Range(0, (count % 9) + 1).Select(index => Of($"d{index}", random.Next(3)))];
            foreach (var candidate in candidates)
            {
                _inFlight[candidate.Id] = random.Next(5);
            }

            return SelectionPolicies.Names.All(name =>
                Order(name, candidates).Order().SequenceEqual(candidates.Select(candidate => candidate.Id).Order()));
        }));
    }

    [Fact]
    public void No_policy_prefers_a_weight_of_zero_to_another()
    {
        foreach (var name in SelectionPolicies.Names.Except(["file-order", "cost-based-routing", "latency-based-routing"]))
        {
            FirstPlaces(name, Of("none", 0), Of("some"), Of("more", 2)).ShouldNotContainKey("none", name);
        }
    }

    [Theory]
    [InlineData("usage-based-routing-v2", "usage-based-routing")]
    [InlineData("least-busy", "least-busy")]
    [InlineData("by-horoscope", null)]
    public void A_policy_is_found_by_litellms_names(string text, string? name) => SelectionPolicies.NameOf(text).ShouldBe(name);

    internal static CallShape Shape(long prompt = 100, long output = 100, bool stream = true) => new(stream, prompt, output);

    internal static Deployment Of(string id, double weight = 1) =>
        new() { Id = id, ModelName = "m", Provider = "p", UpstreamModel = id, Adapter = "openai", Weight = weight };

    internal static SelectionPolicies Policies(Traffic traffic, Func<Deployment, int>? inFlight = null, int seed = 7) => new(
        new Random(seed), traffic, new EffectivePrices(new CatalogStore(), null!, TimeProvider.System, NullLogger<EffectivePrices>.Instance),
        deployment => deployment.Weight, inFlight ?? (_ => 0));

    private static CallShape Stream(bool stream) => Shape(stream: stream);

    private void Measure(string id, double seconds) => Traffic.Of(Of(id)).FirstToken(TimeSpan.FromSeconds(seconds));

    private void Begin(Deployment deployment, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            Traffic.Of(deployment).TryBegin(deployment, 100, out _).ShouldBeTrue();
        }
    }

    private string[] Order(string policy, params Deployment[] candidates) => Order(policy, Shape(), candidates);

    private string[] Order(string policy, CallShape shape, params Deployment[] candidates)
    {
        Deployment[] ordered = [.. candidates];
        Policies(Traffic, deployment => _inFlight.GetValueOrDefault(deployment.Id))[policy].Order(ordered, shape);
        return [.. ordered.Select(candidate => candidate.Id)];
    }

    private Dictionary<string, int> FirstPlaces(string policy, params Deployment[] candidates)
    {
        var first = new Dictionary<string, int>();
        var chosen = Policies(Traffic, deployment => _inFlight.GetValueOrDefault(deployment.Id))[policy];
        for (var round = 0; round < Rounds; round++)
        {
            Deployment[] ordered = [.. candidates];
            chosen.Order(ordered, Shape());
            first[ordered[0].Id] = first.GetValueOrDefault(ordered[0].Id) + 1;
        }

        return first;
    }
}
