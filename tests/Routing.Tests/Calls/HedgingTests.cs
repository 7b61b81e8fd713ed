using LlmGateway.FakeProvider;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Health;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A second attempt beside one that is slower than usual: one answers, one is given up, and both are booked.</summary>
public sealed class HedgingTests : IAsyncLifetime
{
    private const string Model = "three-1";

    private readonly RoutingFixture _fixture = new()
    {
        Settings = [("Calls:Hedging:MinAnswers", "1"), ("Calls:Hedging:MinDelay", "00:00:00.020"), ("Calls:Hedging:MaxShare", "1")],
    };

    private FakeProviderServer Provider => _fixture.Provider;

    [Fact]
    public async Task The_faster_of_two_answers_and_the_customer_pays_for_that_one()
    {
        var (slow, beside) = (new Gate(), new Gate());
        Hedge(_fixture.Host);
        Provider.On("three-1-a", new Script(), new Script { Gate = slow }, new Script { Gate = slow });
        Provider.On("three-1-b", new Script { PromptTokens = 10, CompletionTokens = 3 }, new Script { Gate = beside });
        (await new TestCall(Model).RunAsync(_fixture.Host)).Started!.Attempts.ShouldBe(1);
        var call = new TestCall(Model) { Prompt = new string('x', 400) };

        // The second one is.
        var answer = await call.RunAsync(_fixture.Host);

        (answer.Text, answer.Started!.Attempts).ShouldBe(("word0 word1 word2 ", 2));
        answer.Started.Deployment.ShouldEndWith("-b");
        await Provider.EndedAsync("three-1-a", calls: 2);
        Provider.CallsOf("three-1-a")[1].LeftByClient.ShouldBeTrue();
        var (cost, providerCost) = (await _fixture.Billing.ChargeAsync(call.RequestId)).ShouldNotBeNull();
        cost.ShouldBe(RoutingFixture.Cost(10, 3));
        providerCost.ShouldBeInRange((110 * 2_500) + (3 * 10_000), (120 * 2_500) + (3 * 10_000));
        var generation = await _fixture.Billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId });
        generation.Attempts.Select(attempt => (attempt.Candidate.Model, attempt.Outcome, attempt.Hedged)).ShouldBe(
            [("three-1-a", "hedged", true), ("three-1-b", "ok", false)]);
        generation.Considered.Select(one => (one.Deployment[^2..], one.RuledOut)).ShouldBe([("-a", ""), ("-b", ""), ("-c", "")]);
        generation.ProviderCosts.Select(line => (line.Attempt, line.Candidate.Model)).ShouldBe([(1, "three-1-a"), (2, "three-1-b")]);
        generation.ProviderCosts[0].Usage.OutputTokens.ShouldBe(0);
        generation.ProviderCosts[1].CostNanoUsd.ShouldBe((10 * 2_500) + (3 * 10_000));
        generation.ProviderCosts.Sum(line => line.CostNanoUsd).ShouldBe(providerCost);
        var status = await _fixture.Host.Deployments.GetDeploymentAsync(new() { Id = "openai_compatible/three-1-a" });
        (status.State, status.Failures, status.InFlight).ShouldBe(("closed", 0, 0));

        // The first one is, when the second has begun.
        var running = new TestCall(Model).RunAsync(_fixture.Host);
        await beside.ReachedAsync();
        slow.Open();
        (await running).Started!.Deployment.ShouldEndWith("-a");
        await Provider.EndedAsync("three-1-b", calls: 2);
        Provider.CallsOf("three-1-b")[1].LeftByClient.ShouldBeTrue();
    }

    [Fact]
    public async Task Late_calls_have_a_second_attempt_up_to_their_share_of_all()
    {
        var time = new FakeTime();
        var board = ActivatorUtilities.CreateInstance<HealthBoard>(_fixture.Host.Services, time);
        var deployment = _fixture.Host.Services.GetRequiredService<CatalogStore>().Current.Find(Model)!.Deployments[0];
        var hedges = new Hedges(board, Options.Create(new HedgingOptions()), time);
        var never = new TaskCompletionSource();
        (await hedges.IsLateAsync(deployment, never.Task)).ShouldBeFalse();
        for (var answer = 0; answer < 20; answer++)
        {
            board.Of(deployment).FirstTokens.Add(TimeSpan.FromSeconds(1));
        }

        var late = 0;
        for (var call = 0; call < 200; call++)
        {
            var waiting = hedges.IsLateAsync(deployment, never.Task);
            time.Advance(TimeSpan.FromSeconds(0.9));
            waiting.IsCompleted.ShouldBeFalse();
            time.Advance(TimeSpan.FromSeconds(0.4));
            late += await waiting ? 1 : 0;
        }

        late.ShouldBe(10);
    }

    public Task InitializeAsync() => _fixture.InitializeAsync();

    public Task DisposeAsync() => _fixture.DisposeAsync();

    private static void Hedge(RoutingHost host)
    {
        var store = host.Services.GetRequiredService<CatalogStore>();
        var old = store.Current;
        store.Replace(new CatalogSnapshot(
            [.. old.Models.Select(model => model.Name == Model ? model with { Hedge = true } : model)], new Dictionary<string, string>(), old.DefaultModel, old.Router));
    }
}
