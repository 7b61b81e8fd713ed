using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Providers.Anthropic;

/// <summary>The shared Billing process, a provider that speaks Anthropic's wire and checks what Anthropic checks, and a Routing host with Claude models.</summary>
public sealed class AnthropicFixture : IAsyncLifetime
{
    public const string Haiku = "claude-haiku-4-5";
    private const int Names = 30;
    private int _next;

    public BillingProcess Billing { get; private set; } = null!;

    public FakeProviderServer Provider { get; private set; } = null!;

    public RoutingHost Host { get; private set; } = null!;

    /// <summary>A model of a test's own, with a key of its own: what fails there keeps no other test from being served.</summary>
    public string NextModel() => Name(Interlocked.Increment(ref _next));

    /// <summary>Thousands of nano-dollars a token and 25 % on top: 3 in, 0.3 read from the cache, 3.75 and 6 written to it, 15 out.</summary>
    public static long Cost(long input, long output, long cached = 0, long written = 0, long hour = 0) =>
        ((input * 3000) + (cached * 300) + (written * 3750) + (hour * 6000) + (output * 15_000)) * 5 / 4;

    public async Task InitializeAsync()
    {
        Billing = await BillingProcess.SharedAsync();
        Provider = await FakeProviderServer.StartAsync();
        Provider.RequiredKeys = [.. All.Select(Key)];
        Host = await (await RoutingHost.StartAsync(Billing.Address, Models())).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await (Host?.DisposeAsync() ?? default);
        await (Provider?.DisposeAsync() ?? default);
    }

    public static string Key(string model) => "sk-ant-" + model;

    private static IEnumerable<string> All => Enumerable.Range(1, Names).Select(Name).Prepend(Haiku);

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"claude-x{index}");

    private string Models() => "model_list:\n" + string.Concat(All.Select(name =>
        $$"""
          - model_name: {{name}}
            litellm_params:
              model: anthropic/{{name}}
              api_base: "{{Provider.BaseUrl}}"
              api_key: {{Key(name)}}
              input_cost_per_token: 3e-6
              output_cost_per_token: 1.5e-5
              cache_read_input_token_cost: 3e-7
              cache_creation_input_token_cost: 3.75e-6
              cache_creation_input_token_cost_above_1hr: 6e-6
            model_info: { max_output_tokens: 32000 }

        """));
}
