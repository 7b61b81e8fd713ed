using System.Globalization;
using System.Net.Http.Headers;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Grpc.Net.Client;
using LlmGateway.FakeProvider;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlmGateway.SystemUnderTest;

/// <summary>What a test wants of the system beyond its defaults.</summary>
public sealed record SystemSettings
{
    /// <summary>False: no provider is configured, and the built-in mock answers.</summary>
    public bool WithProvider { get; init; } = true;

    /// <summary>The text of models.yaml; without one, the shipped catalogue.</summary>
    public string? Models { get; init; }

    /// <summary>A second gateway on the same services, with a <see cref="GatewaySystem.KeysLink"/> that can be cut.</summary>
    public bool WithSecondGateway { get; init; }

    /// <summary>Beside the usual ones: <see cref="GatewaySystem.Replicas"/>, on the same stores.</summary>
    public bool WithReplicas { get; init; }

    /// <summary>With <see cref="WithReplicas"/>: every gateway spreads its calls over both routings.</summary>
    public bool WithSpread { get; init; }

    /// <summary>Environment of all services, over everything else.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];
}

/// <summary>
/// The whole system, started through Aspire.Hosting.Testing: four services, PostgreSQL and Redis as real processes, and a
/// fake provider in the test's own process.
/// </summary>
public sealed partial class GatewaySystem : IAsyncDisposable
{
    /// <summary>A key of the account "default".</summary>
    public const string Key = "sk-functional-tests-only-1";

    /// <summary>The administrator's key.</summary>
    public const string AdminKey = "sk-functional-tests-only-admin";

    /// <summary>A model of the catalogue below, served by the fake provider.</summary>
    public const string Model = "fake-chat";

    /// <summary>The same behind an address of one's own: a server that speaks OpenAI's chat, and nothing else of OpenAI's.</summary>
    public const string ServedModel = "fake-served";

    /// <summary>Another one there, for a test to say what it answers.</summary>
    public const string ServedToolModel = "fake-served-tools";

    /// <summary>Another one, that makes embeddings.</summary>
    public const string EmbeddingModel = "fake-embedding";

    /// <summary>Another one, for a test that scripts its answers.</summary>
    public const string ToolsModel = "fake-tools";

    /// <summary>Others, with more deployments than a call has attempts, named as these and "-a", "-b" and so on: for tests of providers that are down.</summary>
    public static readonly IReadOnlyList<string> Down = [.. Enumerable.Range(0, 8).Select(index => string.Create(CultureInfo.InvariantCulture, $"fake-down-{index}"))];

    /// <summary>A deployment of Azure's, whose API version is dated, and one that makes embeddings.</summary>
    public const string AzureModel = "fake-azure";

    public const string AzureEmbeddingModel = "fake-azure-embedding";

    /// <summary>Models of the catalogue that the fake provider misbehaves for, by their names.</summary>
    public static readonly IReadOnlyList<string> Faults =
    [
        "fake-cut", "fake-stall", "fake-garbage", "fake-no-finish", "fake-no-done", "fake-html", "fake-reset", "fake-silent", "fake-slow",
        "fake-400", "fake-401", "fake-429", "fake-500",
    ];

    /// <summary>Every service that is ours.</summary>
    public static readonly IReadOnlyList<string> Services = ["keys", "billing", "routing", "gateway"];

    /// <summary>With <see cref="SystemSettings.WithReplicas"/>: the second gateway uses the second routing, which uses the second billing.</summary>
    public static readonly IReadOnlyList<string> Replicas = ["billing2", "routing2", Second, Third];

    // Prices that do not divide evenly, so that a wrong rounding shows in the last digit. The other models are those that the
    // fake provider misbehaves for, by their names.
    private static readonly string DefaultModels = "model_list:\n" + string.Concat(
        ((string[])[Model, ToolsModel, .. Faults]).Select(name => Entry(name, "0.000001234567", "0.000007654321", 4096)))
        + Entry("fake-dear", "0.01", "0.01", 100_000) + Entry(EmbeddingModel, "0.000001234567", "0", 4096, "embedding")
        + string.Concat(Down.SelectMany(name => "abcd".Select(letter => Entry(name, "0.000001", "0.000002", 4096, upstream: $"{name}-{letter}"))))
        + string.Concat(
            ((string[])[ServedModel, ServedToolModel]).Select(name => Entry(name, "0.000001", "0.000002", 4096, address: "os.environ/OPENAI_BASE_URL")));

    private const string Second = "gateway2";
    private const string Third = "gateway3";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    private readonly DistributedApplication _app;
    private readonly ResourceLogs _logs;
    private readonly string _models;
    private readonly TcpRelay? _keysLink;

    private GatewaySystem(DistributedApplication app, ResourceLogs logs, FakeProviderServer provider, string models, TcpRelay? keysLink)
    {
        _app = app;
        _logs = logs;
        _models = models;
        _keysLink = keysLink;
        Provider = provider;
        Http = app.CreateHttpClient("gateway");
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        Http.Timeout = TimeSpan.FromMinutes(2);
        _billing = new(() => GrpcChannel.ForAddress(EndpointOf("billing", "grpc")));
    }

    public FakeProviderServer Provider { get; }

    /// <summary>A client of the gateway with <see cref="Key"/>.</summary>
    public HttpClient Http { get; }

    public Uri Gateway => _app.GetEndpoint("gateway", "http");

    public Uri SecondGateway => _app.GetEndpoint(Second, "http");

    /// <summary>Between the second gateway and Keys.Service.</summary>
    public TcpRelay KeysLink => _keysLink ?? throw new InvalidOperationException("The system has no second gateway.");

    /// <summary>Starts the system and waits until the gateway is ready.</summary>
    public static async Task<GatewaySystem> StartAsync(SystemSettings? settings = null)
    {
        settings ??= new SystemSettings();
        var system = await CreateAsync(settings);
        using var limit = new CancellationTokenSource(StartLimit);
        await system._app.ResourceNotifications.WaitForResourceHealthyAsync("gateway", limit.Token);
        foreach (var gateway in settings switch
        {
            { WithReplicas: true } => (string[])[Second, Third],
            { WithSecondGateway: true } => [Second],
            _ => [],
        })
        {
            await system._app.ResourceNotifications.WaitForResourceHealthyAsync(gateway, limit.Token);
        }

        return system;
    }

    /// <summary>Starts the system and returns without waiting: for starts that are meant to fail.</summary>
    public static async Task<GatewaySystem> CreateAsync(SystemSettings settings)
    {
        var provider = await FakeProviderServer.StartAsync();
        var models = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"llmgateway-models-{Guid.NewGuid():N}.yaml"));
        await File.WriteAllTextAsync(models, settings.Models ?? DefaultModels + Azure(AzureModel, "chat", provider) + Azure(AzureEmbeddingModel, "embedding", provider));

        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>([], (options, _) => options.EnableResourceLogging = true);
        var environment = new Dictionary<string, string>
        {
            ["ENVIRONMENT"] = "development",
            ["LLMGATEWAY_ENV_FILE"] = "/dev/null",
            ["ALLOWED_API_KEYS"] = Key,
            ["ADMIN_API_KEY"] = AdminKey,

            // Each call meets the fault that it is for, once, whatever became of those before it.
            ["RETRY_ENABLED"] = "false",
            ["CIRCUIT_BREAKER_ENABLED"] = "false",
            ["CircuitBreaker__RateLimitedSeconds"] = "0",
            ["CircuitBreaker__RefusedKeySeconds"] = "0",
            ["CircuitBreaker__CreditSpentSeconds"] = "0",

            // A test makes more calls with one key in a second than people do in an hour; those of limits give their keys limits.
            ["RATE_LIMIT_REQUESTS_PER_MINUTE"] = "100000000",
            ["RATE_LIMIT_REQUESTS_PER_HOUR"] = "100000000",

            // Processes that live for seconds: what they would save by it later is spent at their start.
            ["DOTNET_TieredPGO"] = "0",
        };
        if (settings.WithProvider)
        {
            environment["OPENAI_API_KEY"] = "sk-of-the-fake-provider";
            environment["OPENAI_BASE_URL"] = provider.BaseUrl;
            environment["MODELS_FILE"] = models;
        }

        foreach (var (name, value) in settings.Environment)
        {
            environment[name] = value;
        }

        DistributedApplication? app = null;
        var keysLink = settings.WithSecondGateway ? AddSecondGateway(builder, () => app!.GetEndpoint("keys", "grpc")) : null;
        if (settings.WithReplicas)
        {
            AddReplicas(builder);
            if (settings.WithSpread)
            {
                Spread(builder);
            }
        }

        foreach (var resource in (IEnumerable<string>)[.. Services, .. settings.WithReplicas ? Replicas : [], .. keysLink is null ? (string[])[] : [Second]])
        {
            var service = builder.CreateResourceBuilder<ProjectResource>(resource).WithEnvironment("OTEL_SERVICE_NAME", resource);
            foreach (var (name, value) in environment)
            {
                service.WithEnvironment(name, value);
            }
        }

        var logs = new ResourceLogs();
        builder.Services.AddSingleton<ILoggerProvider>(logs);
        app = await builder.BuildAsync();
        await app.StartAsync();
        return new GatewaySystem(app, logs, provider, models, keysLink);
    }

    /// <summary>What a resource has written to its console so far.</summary>
    public IReadOnlyList<string> LogOf(string resource) => _logs.Of(resource);

    /// <summary>What every resource and the orchestrator have written so far. Whole once the system is disposed.</summary>
    public IReadOnlyList<string> Log => _logs.All;

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_billing.IsValueCreated)
        {
            _billing.Value.Dispose();
        }

        await _app.DisposeAsync();
        if (_keysLink is not null)
        {
            await _keysLink.DisposeAsync();
        }

        await Provider.DisposeAsync();
        File.Delete(_models);
    }

    private static string Azure(string name, string mode, FakeProviderServer provider) => string.Create(
        CultureInfo.InvariantCulture, $$"""
          - model_name: {{name}}
            litellm_params: { model: azure/{{name}}-deployment, api_base: "{{provider.AzureUrl}}", api_version: "2024-10-21", api_key: key-of-azure, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 }
            model_info: { max_output_tokens: 4096, mode: {{mode}} }

        """);

    private static string Entry(string name, string input, string output, int maxOutput, string mode = "chat", string? address = null, string? upstream = null) => string.Create(
        CultureInfo.InvariantCulture, $"""
          - model_name: {name}
            litellm_params:
              model: openai/{upstream ?? name}{(address is null ? "" : $"\n      api_base: {address}")}
              input_cost_per_token: {input}
              output_cost_per_token: {output}
            model_info:
              max_output_tokens: {maxOutput}
              mode: {mode}

        """);
}
