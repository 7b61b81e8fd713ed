using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

/// <summary>Answers that two gateways share and that cost a micro-dollar each, while Redis and Billing come and go.</summary>
[Collection(KeysSystem.Name)]
public sealed class PaidCacheHitTests(KeysSystem running)
{
    private const decimal Price = 0.000001m;

    [Fact]
    public async Task Another_gateway_gives_it_for_the_price_of_a_hit_and_without_redis_each_gateway_has_its_own()
    {
        var (first, second) = await ClientsAsync();
        (await SendAsync(first, "Share.")).Cache.ShouldBe("miss");
        var before = await Balance.OfAsync(first);

        var shared = await UntilAsync(() => SendAsync(second, "Share."), seen => seen.Cache == "hit");
        shared.Cost.ShouldBe(Price);
        var after = await Balance.OfAsync(first);
        (before.Total - after.Total).ShouldBeGreaterThanOrEqualTo(Price);
        (await SendAsync(first, "Alone.")).Cache.ShouldBe("miss");

        await running.System.KillAsync("redis");
        try
        {
            (await SendAsync(first, "Alone.")).Cache.ShouldBe("hit");
            (await SendAsync(second, "Alone.")).Cache.ShouldBe("miss");
            (await SendAsync(second, "Alone.")).Cache.ShouldBe("hit");
        }
        finally
        {
            await running.StartAgainAsync("redis");
        }
    }

    [Fact]
    public async Task While_billing_is_away_a_hit_that_costs_is_refused_and_afterwards_each_is_charged_once()
    {
        var (first, _) = await ClientsAsync();
        await SendAsync(first, "Away.");
        (await SendAsync(first, "Away.")).Cache.ShouldBe("hit");
        var before = await Balance.OfAsync(first);

        await running.System.KillAsync("billing");
        var seen = new List<Seen>();
        try
        {
            // The first one may get no answer of Billing: it is given, and charged later.
            await UntilAsync(() => SendAsync(first, "Away."), answer => Add(seen, answer).Status == HttpStatusCode.ServiceUnavailable);
            seen.Count.ShouldBeLessThanOrEqualTo(2);
            (await SendAsync(first, "Away.")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        }
        finally
        {
            await running.StartAgainAsync("billing");
        }

        var later = await UntilAsync(() => SendAsync(first, "Away."), answer => answer.Cache == "hit" && answer.Status == HttpStatusCode.OK);
        later.Cost.ShouldBe(Price);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var given = seen.Count(answer => answer.Status == HttpStatusCode.OK);
        while (before.Total - (await Balance.OfAsync(first)).Total < (given + 1) * Price)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }

        (before.Total - (await Balance.OfAsync(first)).Total).ShouldBe((given + 1) * Price);
        await using var books = await Books.OfAsync(running.System);
        (await books.FaultsAsync()).ShouldBeEmpty();
    }

    private static Seen Add(List<Seen> seen, Seen answer)
    {
        seen.Add(answer);
        return answer;
    }

    private async Task<(HttpClient First, HttpClient Second)> ClientsAsync()
    {
        var key = await Administrator.IssueKeyAsync(running.System, $"paid-{Guid.NewGuid().ToString()[..8]}");
        return (running.System.Client(key), running.System.Client(key, "gateway2"));
    }

    private static async Task<Seen> SendAsync(HttpClient http, string prompt)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                $$"""{"model":"{{GatewaySystem.Model}}","messages":[{"role":"user","content":"{{prompt}}"}]}""", Encoding.UTF8, "application/json"),
            Headers = { { "x-llm-cache", "on" } },
        };
        using var response = await http.SendAsync(request);
        var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;
        return new(
            response.StatusCode,
            response.Headers.TryGetValues("x-llm-cache", out var values) ? values.Single() : null,
            body.TryGetProperty("usage", out var usage) ? usage.GetProperty("cost").GetDecimal() : 0);
    }

    private static async Task<Seen> UntilAsync(Func<Task<Seen>> look, Func<Seen, bool> isIt)
    {
        using var limit = new CancellationTokenSource(KeysSystem.Limit);
        while (true)
        {
            if (await look() is var seen && isIt(seen))
            {
                return seen;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    private sealed record Seen(HttpStatusCode Status, string? Cache, decimal Cost);
}
