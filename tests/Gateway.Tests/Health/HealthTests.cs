using System.Net;
using System.Text.Json;
using LlmGateway.Gateway.Tests.Hosting;

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
}
