using System.Globalization;
using System.Text;
using LlmGateway.FakeProvider;

namespace LlmGateway.Routing.Tests.Running;

/// <summary>
/// One fake provider and one Routing host for a class of tests, and one Billing process for all of them. Each test takes model names of
/// its own; prices are those of gpt-4o, and Billing's markup is 25 %.
/// </summary>
public sealed class RoutingFixture : IAsyncLifetime
{
    public const long InputPrice = 2_500_000_000;
    public const long CachedPrice = 1_250_000_000;
    public const long OutputPrice = 10_000_000_000;
    private const int Names = 80;
    private int _next;

    /// <summary>Without retries, unless changed: what a single deployment did is then what the client is told.</summary>
    public (string Name, string Value)[] Settings { get; init; } = [("Retry:Enabled", "false")];

    public BillingProcess Billing { get; private set; } = null!;

    public FakeProviderServer Provider { get; private set; } = null!;

    public RoutingHost Host { get; private set; } = null!;

    /// <summary>A model with one deployment.</summary>
    public string NextModel() => Name("one", Interlocked.Increment(ref _next));

    /// <summary>A model with three deployments, tried in order; their names at the provider are the model's and "-a", "-b", "-c".</summary>
    public string NextTriple() => Name("three", Interlocked.Increment(ref _next));

    /// <summary>What a call costs its customer.</summary>
    public static long Cost(long input, long output, long cached = 0)
    {
        var tokens = ((Int128)(input - cached) * InputPrice) + ((Int128)cached * CachedPrice) + ((Int128)output * OutputPrice);
        return (long)(((tokens * 12_500) + 9_999_999_999) / 10_000_000_000);
    }

    public async Task InitializeAsync()
    {
        Billing = await BillingProcess.SharedAsync();
        Provider = await FakeProviderServer.StartAsync();

        // Billing is one process for many classes at once: on a busy machine none of their calls is to be refused for want of time.
        Host = await (await RoutingHost.StartAsync(
            Billing.Address, Models(Provider.BaseUrl), database: null, [("Billing:HoldTimeout", "00:00:30"), .. Settings])).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        // What did not start is null: a failed start must not leave the others running.
        await (Host?.DisposeAsync() ?? default);
        await (Provider?.DisposeAsync() ?? default);
    }

    /// <summary>A catalogue whose deployments are the fake provider's.</summary>
    public static string Models(string baseUrl)
    {
        var yaml = new StringBuilder("model_list:\n");
        for (var index = 1; index <= Names; index++)
        {
            Add(yaml, Name("one", index), Name("one", index), baseUrl);
            foreach (var suffix in "abc")
            {
                Add(yaml, Name("three", index), $"{Name("three", index)}-{suffix}", baseUrl);
            }
        }

        Add(yaml, "unreachable", "unreachable", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LlmGateway.Testing.FreePort.Next()}/v1"));
        yaml.Append("  - { model_name: made-up, litellm_params: { model: mock/made-up, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 } }\n");
        yaml.Append("router_settings:\n  routing_strategy: file-order\n  model_group_alias: { nickname: one-1 }\n");
        return yaml.ToString();
    }

    private static string Name(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{index}");

    private static void Add(StringBuilder yaml, string name, string upstream, string baseUrl) => yaml.Append(
        $$"""
          - model_name: {{name}}
            litellm_params: { model: openai/{{upstream}}, api_base: "{{baseUrl}}", input_cost_per_token: 2.5e-6, cache_read_input_token_cost: 1.25e-6, output_cost_per_token: 1e-5 }
            model_info: { max_output_tokens: 16384 }

        """);
}
