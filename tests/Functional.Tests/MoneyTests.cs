using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>One account, many parallel streams, a provider that takes its time: every nano-dollar is accounted for.</summary>
public sealed class MoneyTests
{
    private const int Calls = 200;
    private const int Chunks = 7;

    [Fact]
    public async Task Two_hundred_parallel_streams_cost_the_sum_of_their_exact_prices()
    {
        await using var system = await GatewaySystem.StartAsync();
        system.Provider.On(GatewaySystem.Model, new Script { Chunks = Chunks, ChunkDelay = TimeSpan.FromMilliseconds(100) });
        var before = await Balance.OfAsync(system.Http);

        var answers = await Task.WhenAll(Enumerable.Range(0, Calls).Select(index => Call(system, index).StreamAsync()));

        answers.ShouldAllBe(answer => answer.Ended);
        var after = await Balance.OfAsync(system.Http);
        after.Held.ShouldBe(0);
        (before.Total - after.Total).ShouldBe(Enumerable.Range(0, Calls).Sum(Price));
        answers.Sum(answer => answer.Cost).ShouldBe(before.Total - after.Total);
        system.Provider.Tally(GatewaySystem.Model).CompletionTokens.ShouldBe(Calls * Chunks);
        await ShowsAsync(system, before.Total - after.Total);
    }

    [Fact]
    public async Task Billing_killed_in_the_middle_and_started_again_charges_each_call_exactly_once()
    {
        await using var system = await GatewaySystem.StartAsync();
        var middle = new Gate();
        system.Provider.On(GatewaySystem.Model, new Script { Chunks = Chunks, ChunkDelay = TimeSpan.FromMilliseconds(20), MiddleGate = middle });
        var before = await Balance.OfAsync(system.Http);

        var running = Enumerable.Range(0, Calls).Select(index => Call(system, index)).ToList();
        var answers = running.Select(call => call.StreamAsync()).ToList();
        await middle.ReachedAsync(Calls);
        await system.KillAsync("billing");
        var refused = await Task.WhenAll(Enumerable.Range(0, 10).Select(index => Call(system, index).StreamAsync()));
        middle.Open();
        await system.Provider.EndedAsync(GatewaySystem.Model, Calls);
        await system.StartAgainAsync("billing");
        var ended = await Task.WhenAll(answers);

        refused.ShouldAllBe(answer => answer.Status == HttpStatusCode.ServiceUnavailable && answer.ErrorCode == "billing_unavailable");
        ended.ShouldAllBe(answer => answer.Ended);
        var after = await Balance.WithoutHoldsAsync(system.Http, TimeSpan.FromSeconds(30));
        (before.Total - after.Total).ShouldBe(Enumerable.Range(0, Calls).Sum(Price));
        ended.Sum(answer => answer.Cost).ShouldBe(before.Total - after.Total);
    }

    // The key has made no other calls, nor has anybody else.
    private static async Task ShowsAsync(GatewaySystem system, decimal cost)
    {
        var usage = await system.Http.GetFromJsonAsync<JsonElement>("/usage");
        var tokens = usage.GetProperty("tokens");
        (tokens.GetProperty("requests").GetInt64(), tokens.GetProperty("completion").GetInt64()).ShouldBe((Calls, Calls * Chunks));
        usage.GetProperty("billing").GetProperty("monthly").GetProperty("usd").GetProperty("used").GetDecimal().ShouldBe(cost);
        var limits = await system.Http.GetFromJsonAsync<JsonElement>("/limits");
        limits.GetProperty("limits").EnumerateArray().Single(limit => limit.GetProperty("name").GetString() == "total_usd")
            .GetProperty("used").GetDecimal().ShouldBe(cost);
        var tariff = await system.Http.GetFromJsonAsync<JsonElement>("/tariff");
        tariff.GetProperty("usage").GetProperty("used_tokens").GetInt64().ShouldBe(tokens.GetProperty("total").GetInt64());

        using var asked = new HttpRequestMessage(HttpMethod.Get, $"/admin/reports/spend?group_by=account,model&{Days()}");
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewaySystem.AdminKey);
        using var answered = await system.Http.SendAsync(asked);
        var row = (await answered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").EnumerateArray().ShouldHaveSingleItem();
        (row.GetProperty("account_id").GetString(), row.GetProperty("model").GetString()).ShouldBe(("default", GatewaySystem.Model));
        row.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(cost);
    }

    // Around today, whose midnight may be near.
    private static string Days()
    {
        var today = TimeProvider.System.GetUtcNow();
        return string.Create(CultureInfo.InvariantCulture, $"from={today.AddDays(-1):yyyy-MM-dd}&to={today.AddDays(1):yyyy-MM-dd}");
    }

    // Prompts of different lengths, so that each call has a price of its own.
    private static ChatCall Call(GatewaySystem system, int index) => new(system.Http, GatewaySystem.Model) { Prompt = Prompt(index), MaxTokens = 50 };

    private static string Prompt(int index) => string.Join(' ', Enumerable.Repeat("word", index % 13 + 1));

    private static decimal Price(int index) => FakeChatPrice.Of(index % 13 + 1, Chunks);
}
