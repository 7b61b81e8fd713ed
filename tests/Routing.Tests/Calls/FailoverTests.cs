using Grpc.Core;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Calls;
using LlmGateway.Routing.Catalog;
using LlmGateway.Routing.Providers;
using LlmGateway.Routing.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// The failures that a client must not see: a primary that has one and a fallback that has none. In each the client gets the whole answer, and
/// its customer pays for that and nothing else.
/// </summary>
public sealed class FailoverTests(RetryFixture fixture) : IClassFixture<RetryFixture>
{
    private const string Whole = "word0 word1 word2 ";

    // The timers are those of RetryFixture, and all cases wait together.
    public static IReadOnlyDictionary<string, Script> Failures { get; } = new Dictionary<string, Script>
    {
        ["429 with Retry-After"] = Script.Error(429, retryAfter: "7"),
        ["429 without"] = Script.Error(429),
        ["500"] = Script.Error(500),
        ["503"] = Script.Error(503),
        ["529"] = Script.Error(529),
        ["408"] = Script.Error(408),
        ["a refused key"] = Script.Error(401),
        ["spent credit"] = Script.Error(402),
        ["an unknown model"] = Script.Error(404),
        ["a proxy's page"] = Script.Html(),
        ["a reset before the headers"] = new Script { ResetBeforeHeaders = true },
        ["no answer at all"] = new Script { HeaderDelay = Timeout.InfiniteTimeSpan },
        ["headers and silence"] = new Script { FirstDelay = Timeout.InfiniteTimeSpan },
        ["a late first token"] = new Script { FirstDelay = TimeSpan.FromSeconds(60), KeepAlive = TimeSpan.FromSeconds(1) },
        ["a cut before content"] = new Script { Ending = FakeProvider.Ending.Cut, EndAfter = 0 },
        ["a stall before content"] = new Script { Ending = FakeProvider.Ending.Stall, EndAfter = 0 },
        ["a malformed chunk before content"] = new Script { Ending = FakeProvider.Ending.Garbage, EndAfter = 0 },
        ["an error event before content"] = new Script { Ending = FakeProvider.Ending.ErrorEvent, EndAfter = 0 },
        ["an error without framing"] = new Script { Ending = FakeProvider.Ending.ErrorTail, EndAfter = 0 },
        ["an end before content"] = new Script { Ending = FakeProvider.Ending.NoFinish, Pieces = [] },
    };

    [Fact]
    public async Task A_primary_that_fails_before_content_is_left_for_the_fallback_at_once_and_the_customer_pays_for_the_answer()
    {
        var outcomes = await Task.WhenAll(Failures.Select(async failure =>
        {
            var model = fixture.NextTriple();
            fixture.Provider.On(model + "-a", failure.Value);
            fixture.Provider.On(model + "-b", new Script { PromptTokens = 10, CompletionTokens = 3 });
            var call = new TestCall(model);
            var answer = await call.RunAsync(fixture.Host);
            var charge = await fixture.Billing.ChargeAsync(call.RequestId);
            return (failure.Key, answer, Calls: fixture.Provider.CallsOf(model + "-a").Count, Cost: charge?.Cost);
        }));

        outcomes.ShouldAllBe(outcome => outcome.answer.Ended != null && outcome.answer.Text == Whole);
        outcomes.Where(outcome => outcome.Calls != 1 || outcome.answer.Started!.Attempts != 2).Select(outcome => outcome.Key).ShouldBeEmpty();
        outcomes.ShouldAllBe(outcome => outcome.answer.Started!.Deployment.EndsWith("-b"));
        outcomes.Where(outcome => outcome.Cost != RoutingFixture.Cost(10, 3)).Select(outcome => outcome.Key).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_answer_without_the_terminator_but_with_its_finish_reason_is_whole_and_no_failure()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.ForModel("fake-no-done"));

        (await new TestCall(model).RunAsync(fixture.Host)).Ended!.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task A_primary_that_is_down_sees_few_calls_and_no_client_notices()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(503));

        for (var call = 0; call < 20; call++)
        {
            (await new TestCall(model).RunAsync(fixture.Host)).Text.ShouldBe(Whole);
        }

        fixture.Provider.CallsOf(model + "-a").Count.ShouldBe(5);
        var status = await fixture.Host.Deployments.GetDeploymentAsync(new() { Id = $"openai_compatible/{model}-a" });
        (status.State, status.Reason, status.Failures, status.Model, status.ProviderModel).ShouldBe(("open", "failing", 5, model, model + "-a"));
        (status.Until.ToDateTimeOffset() - TimeProvider.System.GetUtcNow()).ShouldBeInRange(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(61));
    }

    [Fact]
    public async Task A_primary_that_flaps_sees_few_calls_and_no_client_notices()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", [.. Enumerable.Range(0, 30).Select(call => call % 2 == 0 ? Script.Error(500) : new Script())]);

        for (var call = 0; call < 30; call++)
        {
            (await new TestCall(model).RunAsync(fixture.Host)).Text.ShouldBe(Whole);
        }

        fixture.Provider.CallsOf(model + "-a").Count.ShouldBe(9);
    }

    /// <summary>R38.</summary>
    [Fact]
    public async Task A_primary_that_limits_the_rate_gets_no_call_until_then()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(429, retryAfter: "30"), new Script());

        for (var call = 0; call < 5; call++)
        {
            (await new TestCall(model).RunAsync(fixture.Host)).Text.ShouldBe(Whole);
        }

        fixture.Provider.CallsOf(model + "-a").Count.ShouldBe(1);
    }

    /// <summary>R37.</summary>
    [Fact]
    public async Task Retries_and_fallbacks_have_one_budget()
    {
        var (model, other) = (fixture.NextTriple(), fixture.NextTriple());
        Change(fixture.Host, catalogued => catalogued.Name == model ? catalogued with { Fallbacks = [other] } : catalogued);
        foreach (var suffix in new[] { "-a", "-b", "-c" })
        {
            fixture.Provider.On(model + suffix, Script.Error(503));
            fixture.Provider.On(other + suffix, Script.Error(503));
        }

        (await new TestCall(model).RunAsync(fixture.Host)).Failed!.Attempts.ShouldBe(3);

        fixture.Provider.Calls.Count(call => call.Model.StartsWith(model + "-", StringComparison.Ordinal) || call.Model.StartsWith(other + "-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task A_model_that_fails_is_left_for_its_fallback_and_the_settlement_names_who_served()
    {
        var (model, other) = (fixture.NextModel(), fixture.NextModel());
        Change(fixture.Host, catalogued => catalogued.Name == model ? catalogued with { Fallbacks = [other] } : catalogued);
        fixture.Provider.On(model, Script.Error(500));
        fixture.Provider.On(other, new Script { PromptTokens = 10, CompletionTokens = 3 });
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        (answer.Text, answer.Started!.Model, answer.Started.Attempts).ShouldBe((Whole, other, 2));
        var generation = await fixture.Billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId });
        (generation.ServedBy.Model, generation.RequestedModel).ShouldBe((other, model));
        generation.Attempts.Select(attempt => (attempt.Candidate.Model, attempt.Outcome, attempt.Status)).ShouldBe(
            [(model, "provider_error", 500), (other, "ok", 200)]);
    }

    [Fact]
    public async Task A_prompt_that_is_too_long_and_a_refused_content_have_fallbacks_of_their_own()
    {
        var (model, longer, freer) = (fixture.NextModel(), fixture.NextModel(), fixture.NextModel());
        Change(fixture.Host, catalogued => catalogued.Name == model
            ? catalogued with { Fallbacks = ["nobody"], ContextWindowFallbacks = [longer], ContentPolicyFallbacks = [freer] }
            : catalogued);
        fixture.Provider.On(
            model, Script.Error(400, code: "context_length_exceeded"), Script.Error(400, code: "content_filter"), Script.Error(400, code: "invalid_value"));

        (await new TestCall(model).RunAsync(fixture.Host)).Started!.Model.ShouldBe(longer);
        (await new TestCall(model).RunAsync(fixture.Host)).Started!.Model.ShouldBe(freer);
        (await new TestCall(model).RunAsync(fixture.Host)).Failed!.Code.ShouldBe("invalid_value");
    }

    [Fact]
    public async Task A_refused_content_without_a_fallback_is_one_clean_error()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(400, code: "content_filter", message: "Refused by the policy."));

        var failed = (await new TestCall(model).RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Status, failed.Code, failed.Attempts).ShouldBe((CallFailure.ProviderRefused, 400, "content_policy_violation", 1));
    }

    /// <summary>The call may come to a fallback that costs a thousand times as much: it is held for, or refused.</summary>
    [Fact]
    public async Task The_hold_covers_the_dearest_fallback()
    {
        await using var host = await (await RoutingHost.StartAsync(fixture.Billing.Address,
            $$"""
            model_list:
              - model_name: cheap
                litellm_params: { model: openai/cheap, api_base: "{{fixture.Provider.BaseUrl}}", input_cost_per_token: 1.0e-9, output_cost_per_token: 1.0e-9 }
              - model_name: dear
                litellm_params: { model: openai/dear, api_base: "{{fixture.Provider.BaseUrl}}", input_cost_per_token: 0.001, output_cost_per_token: 0.09 }
            """)).ReadyAsync();
        var call = new TestCall("cheap") { MaxTokens = 2000 };
        (await call.RunAsync(host)).Ended.ShouldNotBeNull();
        Change(host, model => model.Name == "cheap" ? model with { Fallbacks = ["dear"] } : model);

        var failed = (await (call with { RequestId = new TestCall("").RequestId }).RunAsync(host)).Failed.ShouldNotBeNull();

        failed.Failure.ShouldBe(CallFailure.InsufficientBalance);
        failed.Balance.RequiredNanoUsd.ShouldBeGreaterThan(2000 * 90_000_000L);
    }

    [Fact]
    public async Task A_field_that_a_deployment_cannot_do_costs_no_attempt_and_one_that_none_can_is_named()
    {
        var (some, none) = (fixture.NextTriple(), fixture.NextTriple());
        var real = fixture.Host.Services.GetServices<IProviderAdapter>().Single(adapter => adapter.Name == ProviderName.OpenAi);
        var loop = ActivatorUtilities.CreateInstance<AttemptLoop>(
            fixture.Host.Services, new IProviderAdapter[] { new CannotSing(real, some + "-a", some + "-b", none + "-a", none + "-b", none + "-c") }.AsEnumerable());
        var runner = ActivatorUtilities.CreateInstance<CallRunner>(fixture.Host.Services, loop);
        fixture.Provider.On(some + "-c", Script.Error(500), Script.Error(500), new Script());

        var answered = await RunAsync(runner, new TestCall(some));
        var refused = await RunAsync(runner, new TestCall(none));

        answered.Ended!.Attempts.ShouldBe(3);
        (refused.Failed!.Failure, refused.Failed.Code, refused.Failed.Param, refused.Failed.Attempts).ShouldBe(
            (CallFailure.InvalidRequest, "unsupported_parameter", "sing", 0));
        (await fixture.Host.Deployments.GetDeploymentAsync(new() { Id = $"openai_compatible/{none}-a" })).Failures.ShouldBe(0);
    }

    private static async Task<TestAnswer> RunAsync(CallRunner runner, TestCall call)
    {
        var written = new Written();
        await runner.RunAsync(UnexpectedTests.ToCall(call), new CallOutput(written, CancellationToken.None), CancellationToken.None);
        return new TestAnswer(written.Events);
    }

    private static void Change(RoutingHost host, Func<CatalogModel, CatalogModel> change)
    {
        var store = host.Services.GetRequiredService<CatalogStore>();
        lock (store)
        {
            var old = store.Current;
            store.Replace(new CatalogSnapshot([.. old.Models.Select(change)], new Dictionary<string, string>(), old.DefaultModel, old.Router));
        }
    }

    private sealed class CannotSing(IProviderAdapter adapter, params string[] models) : IProviderAdapter
    {
        public string Name => adapter.Name;

        public Task<ProviderReply> SendAsync(HeldCall held, ProviderRequest request, CancellationToken cancellationToken) =>
            models.Contains(request.Deployment.UpstreamModel)
                ? Task.FromResult(ProviderReply.Unsupported(request.Deployment, "sing"))
                : adapter.SendAsync(held, request, cancellationToken);
    }

    private sealed class Written : IServerStreamWriter<CompleteEvent>
    {
        public List<CompleteEvent> Events { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(CompleteEvent message)
        {
            Events.Add(message);
            return Task.CompletedTask;
        }

        public Task WriteAsync(CompleteEvent message, CancellationToken cancellationToken) => WriteAsync(message);
    }
}
