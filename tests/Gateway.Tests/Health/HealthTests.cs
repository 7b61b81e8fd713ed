using System.Net;
using System.Text.Json;
using LlmGateway.Gateway.Tests.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;

namespace LlmGateway.Gateway.Tests.Health;

[Collection(GatewayCollection.Name)]
public sealed class HealthTests(GatewayHost gateway)
{
    [Fact]
    public async Task The_process_is_alive_without_anything_behind_it()
    {
        using var client = gateway.Client(key: null);

        using var response = await client.GetAsync("/alive");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/ready")]
    public async Task A_service_that_cannot_be_reached_makes_it_unhealthy_and_Redis_only_degrades_it(string path)
    {
        using var client = gateway.Client(key: null);

        using var response = await client.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        body.RootElement.GetProperty("status").GetString().ShouldBe("unhealthy");
        var checks = body.RootElement.GetProperty("checks");
        foreach (var service in new[] { "keys", "billing", "routing" })
        {
            checks.GetProperty(service).GetProperty("status").GetString().ShouldBe("unhealthy");
        }

        checks.GetProperty("redis").GetProperty("status").GetString().ShouldBe("degraded");
        checks.GetProperty("limits").GetProperty("status").GetString().ShouldBe("degraded");
        checks.GetProperty("limits").GetProperty("description").GetString()!.ShouldStartWith("Counted in memory");
    }

    [Theory]
    [InlineData("/health/detailed", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/health/history", HttpStatusCode.OK)]
    [InlineData("/health/monitoring", HttpStatusCode.OK)]
    [InlineData("/health/system", HttpStatusCode.OK)]
    public async Task In_production_details_are_for_those_who_run_the_system(string path, HttpStatusCode status)
    {
        foreach (var (role, expected) in new[] { (Role.Account, HttpStatusCode.Forbidden), (Role.Internal, status), (Role.Administrator, status) })
        {
            using var client = gateway.ClientOf(role);
            using var response = await client.GetAsync(path);
            response.StatusCode.ShouldBe(expected, $"{role}");
        }
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_shown_with_its_processes_and_without_their_addresses()
    {
        using var client = gateway.ClientOf(Role.Administrator);

        var text = await (await client.GetAsync("/health/detailed")).Content.ReadAsStringAsync();

        text.ShouldNotContain("127.0.0.1");
        using var body = JsonDocument.Parse(text);
        var keys = body.RootElement.GetProperty("components").GetProperty("keys");
        keys.GetProperty("status").GetString().ShouldBe("unhealthy");
        keys.GetProperty("since").GetDateTimeOffset().ShouldBeLessThanOrEqualTo(body.RootElement.GetProperty("timestamp").GetDateTimeOffset());
        var process = keys.GetProperty("instances").EnumerateArray().ShouldHaveSingleItem();
        (process.GetProperty("status").GetString(), process.GetProperty("database").GetString(), process.GetProperty("description").GetString())
            .ShouldBe(("unhealthy", "unknown", "Does not answer."));
    }

    [Fact]
    public async Task The_process_says_what_it_uses()
    {
        using var client = gateway.ClientOf(Role.Administrator);

        using var body = JsonDocument.Parse(await client.GetStringAsync("/health/system"));

        foreach (var (part, figure) in new[]
        {
            ("cpu", "used_seconds"), ("memory", "working_set_bytes"), ("memory", "available_bytes"), ("disk", "free_bytes"), ("threads", "count"), ("connections", "open"),
        })
        {
            body.RootElement.GetProperty(part).GetProperty(figure).GetDouble().ShouldBeGreaterThan(0, figure);
        }
    }

    [Fact]
    public async Task Exporters_are_shown_with_their_host_and_figures_and_without_their_keys()
    {
        await using var exporting = GatewayHost.Build(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://user:unspoken@127.0.0.1:1/unspoken",
            ["Sentry:Dsn"] = "https://unspoken@sentry.test/7",
            ["Health:DetailsPublic"] = "true",
            ["OTEL_BSP_MAX_QUEUE_SIZE"] = "1",
        });
        await exporting.StartAsync();
        using var client = new HttpClient { BaseAddress = new(exporting.Urls.Single()) };
        for (var request = 0; request < 20; request++)
        {
            using var response = await client.GetAsync("/v1/models");
        }

        var text = await client.GetStringAsync("/health/monitoring");

        text.ShouldNotContain("unspoken");
        using var body = JsonDocument.Parse(text);
        var otlp = body.RootElement.GetProperty("otlp");
        (otlp.GetProperty("enabled").GetBoolean(), otlp.GetProperty("host").GetString()).ShouldBe((true, "127.0.0.1:1"));
        otlp.GetProperty("signals").GetProperty("traces").GetProperty("exported").GetInt64().ShouldBe(0);
        body.RootElement.GetProperty("sentry").GetProperty("host").GetString().ShouldBe("sentry.test:443");
        body.RootElement.GetProperty("langfuse").GetProperty("enabled").GetBoolean().ShouldBeFalse();
        body.RootElement.GetProperty("prometheus").GetProperty("enabled").GetBoolean().ShouldBeTrue();
        body.RootElement.GetProperty("dropped").GetProperty("traces").GetInt64().ShouldBeGreaterThan(0);
    }
}
