using System.Net;
using System.Text;
using System.Text.Json;
using LlmGateway.Gateway.Tests.Admin;
using LlmGateway.Gateway.Tests.Hosting;
using LlmGateway.Protos.Keys.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Gateway.Tests.Logging;

[Collection(GatewayCollection.Name)]
public sealed class LogLevelTests(GatewayHost gateway)
{
    [Fact]
    public async Task An_administrator_changes_a_level_and_lines_follow()
    {
        var logger = gateway.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Tests.Levels.One");
        logger.IsEnabled(LogLevel.Debug).ShouldBeFalse();

        using var changed = await PutAsync(gateway, Role.Administrator, """{"level":"debug","category":"Tests.Levels"}""");

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await LevelsAsync(changed))["Tests.Levels"].ShouldBe("DEBUG");
        logger.IsEnabled(LogLevel.Debug).ShouldBeTrue();
        gateway.Log.All.ShouldContain(line => line.Text.StartsWith("The log level of Tests.Levels is DEBUG from now on."));

        using var reader = gateway.ClientOf(Role.Operator);
        using var read = await reader.GetAsync("/admin/log-level");
        (await LevelsAsync(read))["Microsoft.AspNetCore"].ShouldBe("WARNING");
    }

    [Theory]
    [InlineData("""{"category":"a"}""", "missing_required_parameter", "level")]
    [InlineData("""{"level":"loud"}""", "invalid_value", "level")]
    [InlineData("""{"level":"debug","category":"*.*"}""", "invalid_value", "category")]
    public async Task What_is_no_level_or_no_category_is_refused_by_its_name(string body, string code, string param)
    {
        using var response = await PutAsync(gateway, Role.Administrator, body);

        var error = await ErrorAnswer.ReadAsync(response);
        (error.Status, error.Code, error.Param).ShouldBe((HttpStatusCode.BadRequest, code, param));
    }

    [Fact]
    public async Task Who_may_not_change_it_leaves_a_line_and_so_does_who_has_no_key_and_a_call_that_fails()
    {
        // One of its own: lines are few a second, and other tests use them up.
        var host = new GatewayHost();
        await host.InitializeAsync();
        using var refused = await PutAsync(host, Role.Operator, """{"level":"debug"}""");
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var stranger = host.Client(key: null);
        using var none = await stranger.GetAsync("/v1/models");
        using var client = host.Client();
        using var content = new StringContent("""{"model":"gpt-x","messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
        using var failed = await client.PostAsync("/v1/chat/completions", content);
        failed.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        host.Log.All.ShouldContain(line => line.Text.StartsWith("Authentication failed: PermissionDenied"));
        host.Log.All.ShouldContain(line => line.Text.StartsWith("Authentication failed: Send your API key"));

        // Its line comes after its answer.
        SpinWait.SpinUntil(() => host.Log.All.Any(line => line.Text.StartsWith("LLM call failed", StringComparison.Ordinal)), TimeSpan.FromSeconds(10)).ShouldBeTrue();
        await host.DisposeAsync();
    }

    private static async Task<HttpResponseMessage> PutAsync(GatewayHost gateway, Role role, string body)
    {
        using var client = gateway.ClientOf(role);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await client.PutAsync("/admin/log-level", content);
    }

    private static async Task<Dictionary<string, string>> LevelsAsync(HttpResponseMessage response)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return body.RootElement.GetProperty("levels").EnumerateArray().ToDictionary(
            level => level.GetProperty("category").GetString()!, level => level.GetProperty("level").GetString()!);
    }
}
