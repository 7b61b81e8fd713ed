using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

public sealed class MaximumTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Fact]
    public async Task A_maximum_that_the_client_did_not_set_is_never_more_than_the_called_deployments_own()
    {
        var models = "model_list:\n" + Deployment("small-of-two", 1000) + Deployment("large-of-two", 8000)
            + "router_settings:\n  routing_strategy: file-order\n";
        await using var host = await (await RoutingHost.StartAsync(fixture.Billing.Address, models)).ReadyAsync();
        fixture.Provider.On("small-of-two", Script.Error(500));
        fixture.Provider.On("large-of-two", new Script());

        (await new TestCall("two") { Stream = false }.RunAsync(host)).Ended.ShouldNotBeNull().Attempts.ShouldBe(2);

        fixture.Provider.CallsOf("small-of-two").ShouldHaveSingleItem().MaxTokens.ShouldBe(1000);
        fixture.Provider.CallsOf("large-of-two").ShouldHaveSingleItem().MaxTokens.ShouldBe(8000);
    }

    private string Deployment(string upstream, int maximum) => string.Create(CultureInfo.InvariantCulture,
        $$"""
          - model_name: two
            litellm_params: { model: openai/{{upstream}}, api_base: "{{fixture.Provider.BaseUrl}}", input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 }
            model_info: { max_output_tokens: {{maximum}} }

        """);
}
