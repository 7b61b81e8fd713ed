using System.Text;
using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Models over one and three deployments. Of those of "shuffled" the cheapest goes first, whatever the conversation, and all cost the same.</summary>
public sealed class PrefixCacheFixture : IAsyncLifetime
{
    public FakeProviderServer Provider { get; private set; } = null!;

    public RoutingHost Host { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var billing = await BillingProcess.SharedAsync();
        Provider = await FakeProviderServer.StartAsync();
        Host = await StartAsync(billing);
    }

    public async Task DisposeAsync()
    {
        await (Host?.DisposeAsync() ?? default);
        await (Provider?.DisposeAsync() ?? default);
    }

    private async Task<RoutingHost> StartAsync(BillingProcess billing)
    {
        var yaml = new StringBuilder("model_list:\n");
        foreach (var (model, suffixes) in new[] { ("alone", "a"), ("spread", "abc"), ("shuffled", "abc"), ("failing", "abc"), ("openai", "a") })
        {
            foreach (var suffix in suffixes)
            {
                Add(yaml, model, $"openai/{model}-{suffix}", Provider.BaseUrl, model == "shuffled" ? ", routing_strategy: cost-based-routing" : "");
            }
        }

        Add(yaml, "gemini", "gemini/gemini-a", Provider.BaseUrl + "beta");
        Add(yaml, "anthropic", "anthropic/anthropic-a", Provider.Address);
        return await (await RoutingHost.StartAsync(
            billing.Address, yaml.ToString(), database: null, ("Billing:HoldTimeout", "00:00:30"), ("Retry:BaseDelaySeconds", "0.01"))).ReadyAsync();
    }

    private static void Add(StringBuilder yaml, string name, string model, string baseUrl, string more = "") => yaml.Append(
        $$"""
          - model_name: {{name}}
            litellm_params: { model: {{model}}, api_base: "{{baseUrl}}", api_key: some-key, input_cost_per_token: 2.5e-6, cache_read_input_token_cost: 1.25e-6, output_cost_per_token: 1e-5 }
            model_info: { max_output_tokens: 16384{{more}} }

        """);
}
