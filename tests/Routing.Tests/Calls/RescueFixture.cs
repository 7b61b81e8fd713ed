using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// Models by what is done when their streams break off. Each of <see cref="RescueTests"/> takes one with three deployments on OpenAI's wire; those
/// of <see cref="RescueDialectTests"/> have two, on the wires that their name says.
/// </summary>
public sealed class RescueFixture : IAsyncLifetime
{
    public const string Name = "streams that break off";
    private const int Tests = 16;
    private const int Pairs = 8;
    private const string Prices = "input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5";

    private int _next;

    public BillingProcess Billing { get; private set; } = null!;

    public FakeProviderServer Provider { get; private set; } = null!;

    public RoutingHost Host { get; private set; } = null!;

    /// <param name="wires">Of the first deployment and of the second: chat, claude, vendor (OpenAI itself, which has Responses), gemini, or prefill, a claude that continues texts.</param>
    /// <returns>The model; its names at the providers are this and "-a", "-b".</returns>
    public string NextPair(string wires) => string.Create(CultureInfo.InvariantCulture, $"{wires}-{Interlocked.Increment(ref _next) % Pairs}");

    public async Task InitializeAsync()
    {
        Billing = await BillingProcess.SharedAsync();
        Provider = await FakeProviderServer.StartAsync();
        Host = await (await RoutingHost.StartAsync(
            Billing.Address, Models(Provider.BaseUrl), database: null, ("Billing:HoldTimeout", "00:00:30"), ("Calls:GapTimeout", "00:00:01"),
            ("CircuitBreaker:Enabled", "false"), ("Providers:OpenAi:ApiKey", "sk-provider"), ("Providers:OpenAi:BaseUrl", Provider.BaseUrl))).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await (Host?.DisposeAsync() ?? default);
        await (Provider?.DisposeAsync() ?? default);
    }

    private static string Models(string baseUrl) => "model_list:\n" + string.Concat(
        from rescue in (string[])["error", "resume", "prefill", "buffer"]
        from test in Enumerable.Range(0, Tests)
        from suffix in "abc"
        select Entry($"{rescue}-{test}", $"{rescue}-{test}-{suffix}", "chat", baseUrl, rescue == "prefill" ? "resume, supports_assistant_prefill: true" : rescue))
        + string.Concat(
            from first in (string[])["chat", "claude", "vendor"]
            from second in (string[])["chat", "claude", "vendor", "gemini", "prefill"]
            from test in Enumerable.Range(0, Pairs)
            let model = $"{first}-{second}-{test}"
            select Entry(model, model + "-a", first, baseUrl, "resume") + Entry(model, model + "-b", second, baseUrl, "resume"))
        + Entry("lonely", "lonely", "chat", baseUrl, "resume")
        + "router_settings: { routing_strategy: file-order }\n";

    private static string Entry(string model, string upstream, string wire, string baseUrl, string rescue)
    {
        var (provider, address, more) = wire switch
        {
            "claude" => ("anthropic", $", api_key: key-of-{upstream}, api_base: \"{baseUrl}\"", ""),
            "prefill" => ("anthropic", $", api_key: key-of-{upstream}, api_base: \"{baseUrl}\"", ", supports_assistant_prefill: true"),
            "gemini" => ("gemini", $", api_key: key-of-{upstream}, api_base: \"{baseUrl}beta\"", ""),
            "vendor" => ("openai", "", ""),
            _ => ("openai", $", api_base: \"{baseUrl}\"", ""),
        };
        return $$"""
              - model_name: {{model}}
                litellm_params: { model: {{provider}}/{{upstream}}{{address}}, {{Prices}} }
                model_info: { max_output_tokens: 16384, rescue: {{rescue}}{{more}} }

            """;
    }
}

[CollectionDefinition(RescueFixture.Name)]
public sealed class Rescues : ICollectionFixture<RescueFixture>;
