using Grpc.Core;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A model with one deployment: its failures are met with retries, within one budget of provider calls (R37).</summary>
public sealed class RetryTests(RetryFixture fixture) : IClassFixture<RetryFixture>
{
    public static TheoryData<string> Passing => ["fake-500", "fake-503", "fake-408", "fake-reset", "fake-html"];

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task What_may_pass_is_tried_again_and_the_client_knows_nothing(string script)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.ForModel(script), new Script());

        var answer = await new TestCall(model).RunAsync(fixture.Host);

        answer.Text.ShouldBe("word0 word1 word2 ");
        answer.Started!.Attempts.ShouldBe(2);
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.Garbage)]
    public async Task A_stream_that_breaks_before_its_first_content_is_tried_again(Ending ending)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Ending = ending, EndAfter = 0 }, new Script());

        (await new TestCall(model).RunAsync(fixture.Host)).Text.ShouldBe("word0 word1 word2 ");
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 2)]
    // One call is made however often the client has come back.
    [InlineData(7, 1)]
    public async Task A_provider_that_always_fails_sees_no_more_calls_than_the_budget_less_the_clients_own_retries(int clientRetries, int calls)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.Error(503));

        var failed = (await new TestCall(model) { ClientRetries = clientRetries }.RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Attempts, failed.BudgetSpent).ShouldBe((CallFailure.ProviderError, calls, true));
        fixture.Provider.CallsOf(model).Count.ShouldBe(calls);
    }

    [Theory]
    [InlineData("fake-400")]
    [InlineData("fake-404")]
    [InlineData("fake-401")]
    [InlineData("fake-402")]
    public async Task What_will_not_pass_is_not_tried_again(string script)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.ForModel(script));

        (await new TestCall(model).RunAsync(fixture.Host)).Failed!.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task A_rate_limit_is_waited_for_when_it_is_short_and_told_when_it_is_long()
    {
        var (brief, lasting) = (fixture.NextModel(), fixture.NextModel());
        fixture.Provider.On(brief, Script.Error(429, retryAfter: "1"), new Script());
        fixture.Provider.On(lasting, Script.Error(429, retryAfter: "30"));
        var started = TimeProvider.System.GetTimestamp();

        var answers = await Task.WhenAll(new TestCall(brief).RunAsync(fixture.Host), new TestCall(lasting).RunAsync(fixture.Host));

        answers[0].Started!.Attempts.ShouldBe(2);
        TimeProvider.System.GetElapsedTime(started).ShouldBeGreaterThan(TimeSpan.FromSeconds(0.95));
        (answers[1].Failed!.Failure, answers[1].Failed!.Attempts, answers[1].Failed!.RetryAfterMs).ShouldBe((CallFailure.ProviderRateLimited, 1, 30_000));
        answers[1].Failed!.BudgetSpent.ShouldBeFalse();
    }

    /// <summary>R38.</summary>
    [Fact]
    public async Task A_deployment_that_limits_the_rate_gets_no_call_until_then_and_the_next_client_is_told_so()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.Error(429, retryAfter: "30"), new Script());
        await new TestCall(model).RunAsync(fixture.Host);
        var next = new TestCall(model);

        var failed = (await next.RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Attempts).ShouldBe((CallFailure.ProviderRateLimited, 0));
        failed.RetryAfterMs.ShouldBeInRange(1, 30_000);
        fixture.Provider.CallsOf(model).Count.ShouldBe(1);
        (await fixture.Billing.ChargeAsync(next.RequestId)).ShouldBeNull();
    }

    [Fact]
    public async Task A_provider_that_is_overloaded_and_asks_for_a_pause_gets_it()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(503, retryAfter: "30"), new Script());

        await new TestCall(model).RunAsync(fixture.Host);
        await new TestCall(model).RunAsync(fixture.Host);

        fixture.Provider.CallsOf(model + "-a").Count.ShouldBe(1);
        (await fixture.Host.Deployments.GetDeploymentAsync(new() { Id = $"openai_compatible/{model}-a" })).Reason.ShouldBe("failing");
    }

    [Fact]
    public async Task An_administrator_keeps_calls_away_from_a_deployment_and_lets_them_come_back()
    {
        var model = fixture.NextTriple();
        var id = $"openai_compatible/{model}-a";

        var cooled = await fixture.Host.Deployments.CoolDeploymentAsync(new() { Id = id, Seconds = 600, Note = "status page" });
        var meanwhile = await new TestCall(model).RunAsync(fixture.Host);
        var cleared = await fixture.Host.Deployments.ClearDeploymentAsync(new() { Id = id });
        var afterwards = await new TestCall(model).RunAsync(fixture.Host);

        (cooled.State, cooled.Reason, cooled.Note).ShouldBe(("open", "operator", "status page"));
        meanwhile.Started!.Deployment.ShouldEndWith("-b");
        (cleared.State, cleared.Reason, cleared.Until).ShouldBe(("closed", "", null));
        afterwards.Started!.Deployment.ShouldEndWith("-a");
        (await fixture.Host.Deployments.ListDeploymentsAsync(new())).Deployments.Select(status => status.Id).ShouldContain(id);
    }

    [Theory]
    [InlineData("nobody", 5, "", StatusCode.NotFound)]
    [InlineData("openai_compatible/one-1", 0, "", StatusCode.InvalidArgument)]
    [InlineData("openai_compatible/one-1", 864_001, "", StatusCode.InvalidArgument)]
    [InlineData("openai_compatible/one-1", 5, "a\u0007", StatusCode.InvalidArgument)]
    public async Task A_cooldown_that_cannot_be_is_refused(string id, int seconds, string note, StatusCode code) =>
        (await Should.ThrowAsync<RpcException>(async () =>
            await fixture.Host.Deployments.CoolDeploymentAsync(new() { Id = id, Seconds = seconds, Note = note }))).StatusCode.ShouldBe(code);

    /// <summary>R40.</summary>
    [Fact]
    public async Task When_no_deployment_is_healthy_the_reasons_are_told_and_nobody_is_called()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(402));
        fixture.Provider.On(model + "-b", Script.Error(429, retryAfter: "30"));
        fixture.Provider.On(model + "-c", Script.Error(402));
        await new TestCall(model).RunAsync(fixture.Host);

        var failed = (await new TestCall(model).RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Attempts).ShouldBe((CallFailure.NoAvailableProvider, 0));
        failed.RuledOut.Select(ruled => ruled.Reason).ShouldBe(["credit_spent", "rate_limited", "credit_spent"]);
        failed.RetryAfterMs.ShouldBeInRange(1, 30_000);
        fixture.Provider.CallsOf(model + "-b").Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_client_that_leaves_during_a_pause_ends_the_call()
    {
        await using var patient = await (await RoutingHost.StartAsync(fixture.Billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl),
            database: null, ("Retry:BaseDelaySeconds", "60"))).ReadyAsync();
        var model = fixture.NextModel();
        fixture.Provider.On(model, Script.Error(500), new Script());
        var call = new TestCall(model);
        using var leaving = new CancellationTokenSource();
        var running = call.RunAsync(patient, cancellationToken: leaving.Token);
        await fixture.Provider.EndedAsync(model);

        await leaving.CancelAsync();
        await Should.ThrowAsync<Exception>(running);

        await Wait.UntilAsync(async () => (await fixture.Billing.BalanceAsync(call.Account)).Held == 0);
        fixture.Provider.CallsOf(model).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_refused_key_is_left_for_another_one_of_the_account()
    {
        await using var provider = await FakeProviderServer.StartAsync();
        provider.RequiredKey = "sk-good";
        await using var host = await (await RoutingHost.StartAsync(fixture.Billing.Address,
            $$"""
            model_list:
              - model_name: keyed
                litellm_params: { model: openai/keyed, api_base: "{{provider.BaseUrl}}", api_key: "sk-bad,sk-good", input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 }
            """)).ReadyAsync();

        var answers = new[] { await new TestCall("keyed").RunAsync(host), await new TestCall("keyed").RunAsync(host), await new TestCall("keyed").RunAsync(host) };

        answers.Select(answer => answer.Started!.Attempts).ShouldBe([2, 1, 1]);
        provider.Calls.Select(call => call.Authorization).ShouldBe(["Bearer sk-bad", "Bearer sk-good", "Bearer sk-good", "Bearer sk-good"]);
    }
}

/// <summary>As <see cref="RoutingFixture"/>, with retries that come soon.</summary>
public sealed class RetryFixture : IAsyncLifetime
{
    private readonly RoutingFixture _inner = new()
    {
        Settings =
        [
            ("Retry:BaseDelaySeconds", "0.01"), ("Calls:ConnectTimeout", "00:00:03"), ("Calls:FirstByteTimeout", "00:00:03"), ("Calls:GapTimeout", "00:00:03"),
            ("Calls:FirstTokenTimeout", "00:00:04"),
        ],
    };

    public BillingProcess Billing => _inner.Billing;

    public FakeProviderServer Provider => _inner.Provider;

    public RoutingHost Host => _inner.Host;

    public string NextModel() => _inner.NextModel();

    public string NextTriple() => _inner.NextTriple();

    public Task InitializeAsync() => _inner.InitializeAsync();

    public Task DisposeAsync() => _inner.DisposeAsync();
}
