using System.Globalization;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Calls that do not end well.</summary>
public sealed class FaultTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const long Grant = 100_000_000_000;

    public static TheoryData<string, CallFailure, int> BeforeContent => new()
    {
        { "fake-401", CallFailure.ProviderAuth, 0 },
        { "fake-402", CallFailure.NoAvailableProvider, 0 },
        { "fake-429", CallFailure.ProviderRateLimited, 0 },
        { "fake-500", CallFailure.ProviderError, 0 },
        { "fake-503", CallFailure.ProviderError, 0 },
        { "fake-html", CallFailure.ProviderError, 0 },
        { "fake-reset", CallFailure.ProviderError, 0 },
        { "fake-400", CallFailure.ProviderRefused, 400 },
        { "fake-404", CallFailure.ProviderRefused, 404 },
        { "fake-413", CallFailure.ProviderRefused, 413 },
        { "fake-422", CallFailure.ProviderRefused, 422 },
    };

    [Theory]
    [MemberData(nameof(BeforeContent))]
    public async Task A_failure_before_any_content_is_told_truly_and_costs_nothing(string script, CallFailure failure, int status)
    {
        foreach (var stream in new[] { true, false })
        {
            var model = fixture.NextModel();
            fixture.Provider.On(model, Script.ForModel(script));
            var call = new TestCall(model) { Stream = stream };

            var answer = await call.RunAsync(fixture.Host);

            answer.Kinds.ShouldBe("F");
            (answer.Failed!.Failure, answer.Failed.Status, answer.Failed.Attempts).ShouldBe((failure, status, 1));
            answer.Failed.RetryAfterMs.ShouldBe(failure == CallFailure.ProviderRateLimited ? 7000 : 0);
            answer.Failed.Message.ShouldNotContain("<html>");
            (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
        }
    }

    [Fact]
    public async Task A_refused_connection_is_told_as_such()
    {
        var failed = (await new TestCall("unreachable").RunAsync(fixture.Host)).Failed!;

        failed.Failure.ShouldBe(CallFailure.ProviderUnreachable);
        failed.Message.ShouldBe("openai_compatible cannot be reached.");
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.NoFinish)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.ErrorTail)]
    public async Task An_answer_that_breaks_off_is_never_presented_as_whole_and_what_came_is_paid(Ending ending)
    {
        var model = fixture.NextModel();
        var middle = new Gate();
        fixture.Provider.On(model, new Script { Ending = ending, Chunks = 6, EndAfter = 3, MiddleGate = middle });
        var call = new TestCall(model) { IncludeUsage = true, Prompt = "0123456789012345678901234567890123456789" };

        // Broken off before the client had the first content, the call would have failed without any.
        var answer = await call.RunAsync(fixture.Host, onContent: middle.Open);

        answer.Kinds.ShouldMatch("^Sc+F$");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        answer.Text.ShouldBe("word0 word1 word2 ");
        answer.Chunks.ShouldAllBe(json => !json.Contains("error") && !json.Contains("brok"));
        var charge = (await fixture.Billing.ChargesAsync(call.Account)).ShouldHaveSingleItem();
        charge.RequestId.ShouldBe(call.RequestId);
        (-charge.AmountNanoUsd).ShouldBeInRange(RoutingFixture.Cost(10, 3), RoutingFixture.Cost(10, 6));
        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.Garbage)]
    public async Task A_broken_plain_answer_costs_nothing(Ending ending)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Ending = ending });
        var call = new TestCall(model) { Stream = false };

        var answer = await call.RunAsync(fixture.Host);

        answer.Kinds.ShouldBe("F");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Fact]
    public async Task A_failure_before_content_moves_on_to_the_next_deployment_and_the_client_knows_nothing()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(500));
        fixture.Provider.On(model + "-b", new Script { Ending = Ending.ErrorEvent, EndAfter = 0 });
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        answer.Text.ShouldBe("word0 word1 word2 ");
        answer.Started!.Attempts.ShouldBe(3);
        answer.Started.Deployment.ShouldEndWith("-c");
        fixture.Provider.CallsOf(model + "-a").Count.ShouldBe(1);
        fixture.Provider.CallsOf(model + "-b").Count.ShouldBe(1);
        (await fixture.Billing.ChargesAsync(call.Account)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_fault_in_the_request_is_not_tried_elsewhere()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(400, code: "invalid_value", param: "temperature", message: "Too hot."));

        var failed = (await new TestCall(model).RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Message, failed.Param, failed.Code, failed.Attempts).ShouldBe(
            (CallFailure.ProviderRefused, "Too hot.", "temperature", "invalid_value", 1));
        fixture.Provider.CallsOf(model + "-b").ShouldBeEmpty();
    }

    [Fact]
    public async Task When_every_deployment_limits_the_rate_the_soonest_time_to_come_back_is_told()
    {
        var model = fixture.NextTriple();
        foreach (var (suffix, seconds) in new[] { ("-a", 30), ("-b", 5), ("-c", 60) })
        {
            fixture.Provider.On(model + suffix, Script.Error(429, retryAfter: seconds.ToString(CultureInfo.InvariantCulture)));
        }

        var failed = (await new TestCall(model).RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.RetryAfterMs, failed.Attempts).ShouldBe((CallFailure.ProviderRateLimited, 5000, 3));
    }

    [Fact]
    public async Task When_no_deployment_has_credit_the_reasons_are_told_and_never_as_the_customers_quota()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(401));
        fixture.Provider.On(model + "-b", Script.Error(429));
        fixture.Provider.On(model + "-c", Script.Error(429, code: "insufficient_quota", type: "insufficient_quota"));

        var failed = (await new TestCall(model).RunAsync(fixture.Host)).Failed!;

        failed.Failure.ShouldBe(CallFailure.NoAvailableProvider);
        failed.RuledOut.Select(ruled => ruled.Reason).ShouldBe(["provider_auth", "provider_rate_limited", "no_available_provider"]);
    }

    [Fact]
    public async Task A_client_that_leaves_mid_stream_pays_for_what_was_produced_and_the_provider_stops()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 100_000, ChunkDelay = TimeSpan.FromMilliseconds(20) });
        var call = new TestCall(model) { Prompt = "0123456789012345678901234567890123456789" };
        var received = 0;
        using (var stream = fixture.Host.Client.Complete(call.ToRequest(), deadline: TestCall.Deadline))
        {
            while (received < 6 && await stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                received += stream.ResponseStream.Current.Chunk?.Events.Count ?? 0;
            }
        }

        await Wait.UntilAsync(async () => (await fixture.Billing.ChargesAsync(call.Account)).Count == 1);
        await fixture.Provider.EndedAsync(model);

        var sent = fixture.Provider.CallsOf(model).Single();
        sent.LeftByClient.ShouldBeTrue();
        sent.CompletionTokens.ShouldBeLessThan(200);
        var charge = (await fixture.Billing.ChargesAsync(call.Account))[0];
        (-charge.AmountNanoUsd).ShouldBeInRange(RoutingFixture.Cost(10, 5), RoutingFixture.Cost(10, sent.CompletionTokens * 2));
        (await fixture.Billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Fact]
    public async Task A_client_that_leaves_before_any_content_pays_nothing()
    {
        var model = fixture.NextModel();
        var gate = new Gate();
        fixture.Provider.On(model, new Script { Gate = gate });
        var call = new TestCall(model);
        using (var stream = fixture.Host.Client.Complete(call.ToRequest(), deadline: TestCall.Deadline))
        {
            await gate.ReachedAsync();
        }

        await fixture.Provider.EndedAsync(model);
        await Wait.UntilAsync(async () => (await fixture.Billing.BalanceAsync(call.Account)).Held == 0);

        (await fixture.Billing.BalanceAsync(call.Account)).Balance.ShouldBe(Grant);
        fixture.Provider.CallsOf(model).Single().LeftByClient.ShouldBeTrue();
    }
}
