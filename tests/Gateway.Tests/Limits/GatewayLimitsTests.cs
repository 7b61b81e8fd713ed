using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Tests.Authentication;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Gateway.Tests.Limits;

/// <summary>Limits in a whole gateway, with a Keys.Service that a test scripts and nothing else behind it.</summary>
public sealed class GatewayLimitsTests
{
    [Fact]
    public async Task Without_any_Redis_the_gateway_starts_counts_in_memory_and_is_content()
    {
        await using var gateway = GatewayHost.Build(new() { ["ConnectionStrings:redis"] = "", ["Limits:Storage"] = "memory" });
        await gateway.StartAsync();
        gateway.Services.GetRequiredService<KeyDirectory>().Remember(SecretHash.Of("sk-here"), ScriptedKeys.Key("sk-here"));
        using var client = Client(gateway, "sk-here");

        var rate = await client.GetFromJsonAsync<JsonElement>("/rate-limit");
        using var health = await client.GetAsync("/health");

        (rate.GetProperty("storage").GetString(), rate.GetProperty("limit").GetInt32(), rate.GetProperty("current_count").GetInt32()).ShouldBe(("memory", 1_000_000, 0));
        var checks = (await health.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("checks");
        checks.GetProperty("limits").GetProperty("status").GetString().ShouldBe("healthy");
        checks.GetProperty("redis").GetProperty("status").GetString().ShouldBe("disabled");
    }

    [Fact]
    public async Task An_address_that_guesses_keys_is_answered_without_asking_and_a_key_in_use_goes_on_from_there()
    {
        await using var keys = ScriptedKeys.Start();
        keys.Judge = presented => presented.Secret.StartsWith("sk-good", StringComparison.Ordinal) ? ScriptedKeys.Known(presented.Secret) : ScriptedKeys.Refused(RefusalReason.UnknownKey);
        await using var gateway = GatewayHost.Build(new() { ["services:keys:grpc:0"] = keys.Address, ["Limits:RefusedKeysPerAddress"] = "1" });
        await gateway.StartAsync();
        (await StatusAsync(gateway, "sk-good")).ShouldBe(HttpStatusCode.OK);

        var statuses = new List<HttpStatusCode>();
        for (var guess = 0; guess < 40; guess++)
        {
            statuses.Add(await StatusAsync(gateway, $"sk-guess-{guess}"));
        }

        statuses.Take(10).ShouldAllBe(status => status == HttpStatusCode.Forbidden);
        statuses[^1].ShouldBe(HttpStatusCode.TooManyRequests);
        keys.CountOf("sk-guess-39").ShouldBe(0);
        (await StatusAsync(gateway, "sk-good-but-new")).ShouldBe(HttpStatusCode.TooManyRequests);
        (await StatusAsync(gateway, "sk-good")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Requests_of_an_address_are_limited_where_that_is_set_and_probes_never()
    {
        await using var gateway = GatewayHost.Build(new() { ["Limits:AddressRequestsPerMinute"] = "3" });
        await gateway.StartAsync();
        using var client = Client(gateway, "sk-any");
        for (var request = 0; request < 3; request++)
        {
            using var index = await client.GetAsync("/");
            index.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var refused = await client.GetAsync("/");
        using var alive = await client.GetAsync("/alive");

        var error = await ErrorAnswer.ReadAsync(refused);
        (error.Status, error.Type, error.Code).ShouldBe((HttpStatusCode.TooManyRequests, "rate_limit_error", "rate_limit_exceeded"));
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 20);
        alive.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<HttpStatusCode> StatusAsync(WebApplication gateway, string key)
    {
        using var client = Client(gateway, key);
        using var response = await client.GetAsync("/rate-limit");
        return response.StatusCode;
    }

    private static HttpClient Client(WebApplication gateway, string key)
    {
        var client = new HttpClient { BaseAddress = new(gateway.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }
}
