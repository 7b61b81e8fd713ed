using LlmGateway.FakeProvider;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A primary that is up and down in turn for a minute, each time in another way, and a fallback that is up.</summary>
public sealed class FlappingTests : IAsyncLifetime
{
    private const int Budget = 3;
    private const int RecoverySeconds = 4;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Phase = TimeSpan.FromSeconds(3);

    private BillingProcess _billing = null!;
    private FakeProviderServer _provider = null!;
    private RoutingHost _host = null!;

    public async Task InitializeAsync()
    {
        _billing = await BillingProcess.SharedAsync();
        _provider = await FakeProviderServer.StartAsync();
        var models = string.Concat(new[] { "primary", "fallback" }.Select(name => $$"""
              - model_name: flapping
                litellm_params: { model: openai/{{name}}, api_base: "{{_provider.BaseUrl}}", input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 }
                model_info: { max_output_tokens: 16384 }

            """));
        _host = await (await RoutingHost.StartAsync(
            _billing.Address, "model_list:\n" + models + "router_settings: { routing_strategy: file-order }\n", database: null,
            ("Calls:FirstByteTimeout", "00:00:04"), ("CircuitBreaker:RecoverySeconds", $"{RecoverySeconds}"), ("CircuitBreaker:SlowStartSeconds", "0"))).ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await (_host?.DisposeAsync() ?? default);
        await (_provider?.DisposeAsync() ?? default);
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task Every_client_gets_its_whole_answer_and_the_primary_is_left_alone_while_it_is_down()
    {
        Script[] faults =
        [
            Script.Error(503), Script.Error(429, retryAfter: "3"), new() { Ending = Ending.Cut, EndAfter = 0 }, new() { ResetBeforeHeaders = true },
            new() { HeaderDelay = Timeout.InfiniteTimeSpan },
        ];
        _provider.Flap("primary", TimeProvider.System, [.. faults.SelectMany(fault => ((TimeSpan, Script)[])[(Phase, new Script()), (Phase, fault)])]);
        var started = TimeProvider.System.GetTimestamp();
        var (answers, byPrimary) = (0, 0);

        while (TimeProvider.System.GetElapsedTime(started) < Span)
        {
            var before = _provider.Calls.Count;
            var answer = await new TestCall("flapping").RunAsync(_host);

            (answer.Ended is not null, answer.Text).ShouldBe((true, "word0 word1 word2 "), $"call {answers}: {answer.Failed?.Message}");
            (_provider.Calls.Count - before).ShouldBeInRange(1, Budget);
            answers++;
            byPrimary += answer.Started!.Deployment.EndsWith("primary", StringComparison.Ordinal) ? 1 : 0;
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }

        // A phase costs what opens the breaker; those after it, with other outcomes among the last ones, at most that and a trial for each recovery.
        var failed = _provider.CallsOf("primary").Count - byPrimary;
        var phases = (int)(Span / (2 * Phase));
        failed.ShouldBeInRange(phases / 2, (phases * 5) + (int)(Span.TotalSeconds / RecoverySeconds));
        failed.ShouldBeLessThan(answers / 8, "the breaker keeps calls away: without it half of them would have met a fault");
        byPrimary.ShouldBeGreaterThan(answers / 10, "and lets them come back");
    }
}
