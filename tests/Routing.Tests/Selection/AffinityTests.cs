using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Dialects;
using LlmGateway.Routing.Selection;

namespace LlmGateway.Routing.Tests.Selection;

/// <summary>R42: what a provider remembers of a conversation is found again.</summary>
public sealed class AffinityTests
{
    private static readonly Affinity Policy = new(deployment => deployment.Weight);

    [Fact]
    public void A_conversation_goes_to_the_same_deployment_at_every_turn()
    {
        var turns = new List<object> { new { role = "system", content = new string('s', 5000) }, new { role = "user", content = "Hello" } };
        var first = Shape(turns).Conversation;
        turns.Add(new { role = "assistant", content = "Hi" });
        turns.Add(new { role = "user", content = "And then?" });

        first.ShouldNotBeNull();
        Shape(turns).Conversation.ShouldBe(first);
        turns[1] = new { role = "user", content = "Another one" };
        Shape(turns).Conversation.ShouldNotBe(first);
    }

    [Fact]
    public void A_short_prompt_is_no_conversation_that_a_provider_remembers() =>
        Shape([new { role = "user", content = new string('x', 4000) }]).Conversation.ShouldBeNull();

    [Theory]
    [InlineData("""{"messages":7}""")]
    [InlineData("""{"messages":[7,"x"]}""")]
    [InlineData("""{"messages":[{"role":"assistant"}]}""")]
    [InlineData("{}")]
    public void What_is_no_list_of_messages_has_no_beginning(string body) => ConversationStart.Of(Read(body)).IsEmpty.ShouldBeTrue();

    [Fact]
    public void Conversations_spread_by_weight()
    {
        var first = FirstPlaces(20_000, Of("a", 1), Of("b", 3), Of("none", 0));

        first["a"].ShouldBeInRange(4700, 5300);
        first["b"].ShouldBeInRange(14_700, 15_300);
        first.ShouldNotContainKey("none");
    }

    [Fact]
    public void Only_the_conversations_of_a_deployment_that_goes_move()
    {
        Deployment[] all = [Of("a", 1), Of("b", 1), Of("c", 1)];
        for (var conversation = 0; conversation < 1000; conversation++)
        {
            var before = Order(conversation, all);
            Order(conversation, [.. all.Where(deployment => deployment.Id != before[0])]).ShouldBe(before[1..]);
        }
    }

    /// <summary>The share that a provider's prefix cache serves, with one cache for each deployment, against one deployment alone.</summary>
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 2)]
    public void The_cached_share_is_that_of_a_single_deployment_and_without_affinity_it_is_not(bool affinity, int lostOfThree)
    {
        var alone = CachedShare(1, affinity);
        var spread = CachedShare(3, affinity);

        alone.ShouldBeGreaterThan(0.8);
        if (lostOfThree == 0)
        {
            spread.ShouldBeGreaterThanOrEqualTo(alone - 0.02);
        }
        else
        {
            spread.ShouldBeLessThan(alone - 0.1);
        }
    }

    private static double CachedShare(int deployments, bool affinity)
    {
        var router = new CheckedRouter { Strategy = "simple-shuffle", PrefixAffinity = affinity };
        var model = new CatalogModel("m", [.. Enumerable.Range(0, deployments).Select(index => Of($"d{index}", 1))]);
        var snapshot = new CatalogSnapshot([model], new Dictionary<string, string>(), "m", router);
        var selector = new RouteSelector(SelectionTests.Policies(new Traffic(TimeProvider.System)));
        var caches = new Dictionary<string, HashSet<string>>();
        var (cached, sent) = (0L, 0L);
        for (var conversation = 0; conversation < 40; conversation++)
        {
            var turns = new List<object> { new { role = "user", content = $"{conversation} " + new string('x', 6000) } };
            for (var turn = 0; turn < 10; turn++)
            {
                var body = JsonSerializer.Serialize(new { messages = turns });
                var chosen = selector.Candidates(snapshot, model, Call(body))[0].Id;
                var cache = caches.TryGetValue(chosen, out var known) ? known : caches[chosen] = [];
                var texts = turns.Select(message => JsonSerializer.Serialize(message)).ToList();
                for (var end = texts.Count; end > 0; end--)
                {
                    var prefix = string.Concat(texts.Take(end));
                    cached += cache.Contains(prefix) ? prefix.Length : 0;
                    end = cache.Contains(prefix) ? 0 : end;
                }

                sent += texts.Sum(text => text.Length);
                for (var end = 1; end <= texts.Count; end++)
                {
                    cache.Add(string.Concat(texts.Take(end)));
                }

                turns.Add(new { role = "assistant", content = "Answer." });
                turns.Add(new { role = "user", content = "More." });
            }
        }

        return (double)cached / sent;
    }

    private static Dictionary<string, int> FirstPlaces(int conversations, params Deployment[] candidates) => Enumerable.Range(0, conversations)
        .Select(conversation => Order(conversation, candidates)[0]).CountBy(id => id).ToDictionary();

    private static string[] Order(int conversation, Deployment[] candidates)
    {
        Deployment[] ordered = [.. candidates];
        Policy.Order(ordered, SHA256.HashData(BitConverter.GetBytes(conversation)));
        return [.. ordered.Select(candidate => candidate.Id)];
    }

    private static CallShape Shape(IReadOnlyList<object> messages) => CallShape.Of(Read(JsonSerializer.Serialize(new { messages })), stream: true);

    private static ChatRequest Read(string body) => ChatRequest.Read(Encoding.UTF8.GetBytes(body), out _, out _)!;

    private static LlmGateway.Routing.Calls.Call Call(string body) => SelectionCalls.Of(body);

    private static Deployment Of(string id, double weight) => SelectionTests.Of(id, weight);
}
