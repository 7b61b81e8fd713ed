using System.Collections.Concurrent;
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
    private const int OtherNames = 40;

    private readonly ConcurrentDictionary<string, int> _others = new();
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

    /// <summary>A model with one deployment, on Gemini's wire.</summary>
    public string NextGemini() => Next("gemini-3-flash");

    /// <summary>A model that makes embeddings, on OpenAI's wire or on Gemini's.</summary>
    public string NextEmbedding(bool gemini = false) => Next(gemini ? "gemini-embedding" : "embedding");

    /// <summary>A model that completes texts, and does not chat.</summary>
    public string NextLegacy() => Next("legacy");

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

        for (var index = 1; index <= OtherNames; index++)
        {
            AddGemini(yaml, Name("gemini-3-flash", index), "chat", baseUrl);
            AddGemini(yaml, Name("gemini-embedding", index), "embedding", baseUrl);
            Add(yaml, Name("embedding", index), Name("embedding", index), baseUrl, "embedding");
            Add(yaml, Name("legacy", index), Name("legacy", index), baseUrl, "completion");
        }

        Add(yaml, "unreachable", "unreachable", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LlmGateway.Testing.FreePort.Next()}/v1"));
        yaml.Append(CultureInfo.InvariantCulture, $"  - {{ model_name: by-cost, litellm_params: {{ model: openai/by-cost-a, api_base: \"{baseUrl}\", input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 }}, model_info: {{ routing_strategy: cost-based-routing }} }}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"  - {{ model_name: by-cost, litellm_params: {{ model: openai/by-cost-b, api_base: \"{baseUrl}\", input_cost_per_token: 3e-6, output_cost_per_token: 6e-6 }} }}\n");
        yaml.Append("  - { model_name: made-up, litellm_params: { model: mock/made-up, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 } }\n");
        yaml.Append("  - { model_name: made-up-vectors, litellm_params: { model: mock/made-up-vectors, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 }, model_info: { mode: embedding } }\n");
        yaml.Append("router_settings:\n  routing_strategy: file-order\n  model_group_alias: { nickname: one-1 }\n");
        return yaml.ToString();
    }

    private string Next(string kind) => Name(kind, _others.AddOrUpdate(kind, 1, static (_, last) => last + 1));

    private static string Name(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{index}");

    // A key of its own for each: one that is refused is left alone for a while.
    private static void AddGemini(StringBuilder yaml, string name, string mode, string baseUrl) => yaml.Append(
        $$"""
          - model_name: {{name}}
            litellm_params: { model: gemini/{{name}}, api_base: "{{baseUrl}}beta", api_key: key-of-{{name}}, input_cost_per_token: 2.5e-6, cache_read_input_token_cost: 1.25e-6, output_cost_per_token: 1e-5 }
            model_info: { mode: {{mode}}, max_output_tokens: 16384 }

        """);

    private static void Add(StringBuilder yaml, string name, string upstream, string baseUrl, string mode = "chat") => yaml.Append(
        $$"""
          - model_name: {{name}}
            litellm_params: { model: openai/{{upstream}}, api_base: "{{baseUrl}}", input_cost_per_token: 2.5e-6, cache_read_input_token_cost: 1.25e-6, output_cost_per_token: 1e-5 }
            model_info: { mode: {{mode}}, max_output_tokens: 16384 }

        """);
}

/// <summary>Classes of tests that share one fixture.</summary>
[CollectionDefinition(Name)]
public sealed class SharedRouting : ICollectionFixture<RoutingFixture>
{
    public const string Name = "shared routing";
}
