using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Catalog;

/// <summary>What changes while calls are served.</summary>
public sealed class ReloadTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Fact]
    public async Task A_valid_change_of_the_file_is_used_an_invalid_one_is_not_and_a_proxys_models_are_read_from_it()
    {
        await using var proxy = await FakeProviderServer.StartAsync();
        proxy.Models["gpt-4o"] = true;
        proxy.RequiredKey = "sk-proxy";
        await using var host = await (await RoutingHost.StartAsync(
            fixture.Billing.Address, Model("first"), null, ("Catalog:ReloadInterval", "00:00:00.020"), ("Catalog:DiscoveryInterval", "00:00:00.100"),
            ("Providers:LiteLlm:BaseUrl", proxy.Address), ("Providers:LiteLlm:ApiKey", "sk-proxy"))).ReadyAsync();
        (await NamesAsync(host)).ShouldBe(["first", "fake-model", "gpt-4o"]);

        await host.WriteModelsAsync(Model("second"));
        await Wait.UntilAsync(async () => (await NamesAsync(host)).Contains("second"));
        (await NamesAsync(host)).ShouldNotContain("first");
        await host.WriteModelsAsync("model_list: [{ model_name: third }]");
        host.Services.GetRequiredService<CatalogLoader>().Reload();
        (await NamesAsync(host)).ShouldContain("second");
        await host.WriteModelsAsync(Model("fourth"));
        await Wait.UntilAsync(async () => (await NamesAsync(host)).Contains("fourth"));

        (await host.Services.GetRequiredService<PriceAnnouncer>().WaitAsync(CancellationToken.None)).ShouldBeTrue();

        // The proxy's models cost what the shipped ones of their names do; of one that is not shipped nobody knows.
        var answer = await new TestCall("gpt-4o").RunAsync(host);
        answer.Ended.ShouldNotBeNull().CostNanoUsd.ShouldBeGreaterThan(0);
        (await new TestCall("fake-model").RunAsync(host)).Failed!.Failure.ShouldBe(CallFailure.PriceUnknown);

        // A field that the proxy would obey is refused by name, and nothing is sent.
        var calls = proxy.Calls.Count;
        var refused = await new TestCall("gpt-4o") { Body = """{"model":"gpt-4o","messages":[{"role":"user","content":"x"}],"fallbacks":["gpt-5.6-sol"]}""" }.RunAsync(host);
        refused.Failed!.Failure.ShouldBe(CallFailure.InvalidRequest);
        refused.Failed.Param.ShouldBe("fallbacks");
        proxy.Calls.Count.ShouldBe(calls);

        proxy.Models["late"] = true;
        await Wait.UntilAsync(async () => (await NamesAsync(host)).Contains("late"));
    }

    private static string Model(string name) =>
        $"model_list: [{{ model_name: {name}, litellm_params: {{ model: mock/{name}, input_cost_per_token: 0, output_cost_per_token: 0 }} }}]\n";

    private static async Task<IReadOnlyList<string>> NamesAsync(RoutingHost host) =>
        [.. (await host.Client.ListModelsAsync(new ListModelsRequest())).Models.Select(model => model.Id)];
}
