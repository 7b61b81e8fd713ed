using System.Globalization;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>R42, with providers that remember prompts, each its own: what share of the prompts' tokens comes from their caches.</summary>
public sealed class PrefixCacheTests(PrefixCacheFixture fixture) : IClassFixture<PrefixCacheFixture>
{
    private const int Conversations = 12;
    private const int Turns = 4;

    [Fact]
    public async Task Conversations_over_three_deployments_are_cached_as_at_one_alone_and_without_affinity_they_are_not()
    {
        var alone = await CachedShareAsync("alone", "a");
        var spread = await CachedShareAsync("spread", "abc");
        var shuffled = await CachedShareAsync("shuffled", "abc");

        alone.ShouldBeGreaterThan(0.6);
        spread.ShouldBeGreaterThanOrEqualTo(alone - 0.02);
        shuffled.ShouldBeLessThan(alone - 0.1);
        "abc".Count(suffix => fixture.Provider.CallsOf($"spread-{suffix}").Count > 0).ShouldBe(3, "conversations spread over all");
    }

    [Fact]
    public async Task While_a_deployment_fails_and_returns_every_turn_is_answered()
    {
        Remember("failing", "abc");
        var conversations = Enumerable.Range(0, Conversations).Select(number => new List<object> { Turn("user", number, 1300) }).ToList();
        for (var turn = 0; turn < Turns; turn++)
        {
            if (turn == 2)
            {
                fixture.Provider.On("failing-b", Script.Error(500));
            }
            else if (turn == 3)
            {
                Remember("failing", "b");
            }

            var answers = await Task.WhenAll(conversations.Select(messages => SayAsync("failing", messages)));
            answers.ShouldAllBe(answer => answer.Ended != null);
        }

        fixture.Provider.CallsOf("failing-b").Count(call => call.PromptTokens == 0).ShouldBeGreaterThan(0, "some met the failure");
    }

    [Theory]
    [InlineData("openai", Dialect.OpenaiChat, 1280, 0)]
    [InlineData("gemini", Dialect.OpenaiChat, 1300, 0)]
    [InlineData("anthropic", Dialect.AnthropicMessages, 1300, 43)]
    public async Task Each_wire_says_what_its_provider_had_cached_and_the_record_has_it(string wire, Dialect dialect, long cached, long written)
    {
        fixture.Provider.On($"{wire}-a", new Script { PrefixCache = new() });
        var messages = new List<object> { Marked(Turn("user", 7, 1300)) };
        await SayAsync(wire, messages, dialect);
        messages[^1] = Turn("user", 8, 3);

        var again = await SayAsync(wire, messages, dialect);

        var tally = fixture.Provider.CallsOf($"{wire}-a")[1];
        (tally.CachedTokens, tally.CacheWriteTokens).ShouldBe((cached, written));
        again.Ended.ShouldNotBeNull().PromptTokens.ShouldBe(tally.PromptTokens);
    }

    private async Task<double> CachedShareAsync(string model, string suffixes)
    {
        Remember(model, suffixes);
        await Task.WhenAll(Enumerable.Range(0, Conversations).Select(async number =>
        {
            var messages = new List<object> { Turn("user", number, 1300) };
            for (var turn = 0; turn < Turns; turn++)
            {
                (await SayAsync(model, messages)).Ended.ShouldNotBeNull();
            }
        }));
        var tallies = suffixes.Select(suffix => fixture.Provider.Tally($"{model}-{suffix}")).ToList();
        return (double)tallies.Sum(tally => tally.CachedTokens) / tallies.Sum(tally => tally.PromptTokens);
    }

    /// <summary>Adds an answer and the next question.</summary>
    private async Task<TestAnswer> SayAsync(string model, List<object> messages, Dialect dialect = Dialect.OpenaiChat)
    {
        var call = new TestCall(model)
        {
            Account = "account-" + Guid.NewGuid().ToString("N"),
            Stream = false,
            MaxTokens = 20,
            Dialect = dialect,
            Body = JsonSerializer.Serialize(new { model, max_tokens = 20, messages }),
        };
        var answer = await call.RunAsync(fixture.Host);
        messages.Add(Turn("assistant", 1, 40));
        messages.Add(Turn("user", 2, 60));
        return answer;
    }

    private void Remember(string model, string suffixes)
    {
        foreach (var suffix in suffixes)
        {
            fixture.Provider.On($"{model}-{suffix}", new Script { PrefixCache = new() });
        }
    }

    private static object Turn(string role, int number, int words) => new
    {
        role,
        content = string.Join(' ', Enumerable.Range(0, words).Select(word => string.Create(CultureInfo.InvariantCulture, $"{number}w{word}"))),
    };

    private static object Marked(object turn)
    {
        var text = JsonSerializer.SerializeToElement(turn).GetProperty("content").GetString();
        return new { role = "user", content = new object[] { new { type = "text", text, cache_control = new { type = "ephemeral" } } } };
    }
}
