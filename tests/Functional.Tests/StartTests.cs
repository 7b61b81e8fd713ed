using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using LlmGateway.SystemUnderTest;

namespace LlmGateway.Functional.Tests;

public sealed class StartTests
{
    [Fact]
    public async Task Without_a_provider_the_mock_answers_and_says_so()
    {
        await using var system = await GatewaySystem.StartAsync(new SystemSettings { WithProvider = false });

        using var response = await system.Http.PostAsJsonAsync(
            "/v1/chat/completions", new { model = "gpt-4o-mini", messages = new[] { new { role = "user", content = "Hello!" } } });

        response.EnsureSuccessStatusCode();
        response.Headers.GetValues("x-llm-provider").Single().ShouldBe("mock");
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        body.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBePositive();
    }

    [Fact]
    public async Task A_catalogue_with_an_unknown_provider_stops_the_start_and_names_the_line()
    {
        const string models = """
            model_list:
              - model_name: something
                litellm_params:
                  model: nosuchprovider/something
            """;
        await using var system = await GatewaySystem.CreateAsync(new SystemSettings { Models = models });

        var exited = await system.WaitForStateAsync("routing", KnownResourceStates.Exited);

        exited.Snapshot.ExitCode.ShouldNotBeNull().ShouldNotBe(0);
        var log = string.Join('\n', system.LogOf("routing"));
        log.ShouldContain("nosuchprovider");
        log.ShouldContain(":4");
        log.ShouldNotContain("   at ");
    }
}
