using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// R21: a call that produced nothing costs its customer nothing, and what its provider bills is booked. A prompt token costs us 2,500
/// nano-dollars and an output token 10,000.
/// </summary>
public sealed class WasteTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const long Grant = 100_000_000_000;

    // The provider bills the prompt and then has nothing to say.
    private static readonly Script BilledError = new()
    {
        Usage = UsagePlacement.FirstChunk,
        PromptTokens = 40,
        CompletionTokens = 3,
        Ending = Ending.ErrorEvent,
        EndAfter = 0,
    };

    [Theory]
    [InlineData(0)]
    // Thought, and then said nothing: that was produced.
    [InlineData(7)]
    public async Task An_empty_answer_is_booked_and_free(long output)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script
        {
            Body = $$"""
                {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":""},
                "finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":{{output}},"total_tokens":{{100 + output}} } }
                """,
        });
        var call = new TestCall(model) { Stream = false };

        var answer = await call.RunAsync(fixture.Host);

        answer.Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(output == 0 ? 0 : RoutingFixture.Cost(100, output));
        (await fixture.Billing.ChargeAsync(call.RequestId)).ShouldBe((answer.Ended.CostNanoUsd, (100 * 2_500) + (output * 10_000)));
    }

    [Fact]
    public async Task A_call_that_failed_after_the_provider_billed_is_booked_and_free()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, BilledError);
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        answer.Kinds.ShouldBe("F");
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
        (await fixture.Billing.ChargeAsync(call.RequestId)).ShouldBe((0, (40 * 2_500) + (3 * 10_000)));
    }

    [Fact]
    public async Task A_fallback_that_answers_is_charged_and_the_attempt_before_it_is_booked()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", BilledError);
        fixture.Provider.On(model + "-b", new Script { PromptTokens = 10, CompletionTokens = 5 });
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        answer.Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, 5));
        (await fixture.Billing.ChargeAsync(call.RequestId)).ShouldBe((RoutingFixture.Cost(10, 5), (50 * 2_500) + (8 * 10_000)));
    }

    /// <summary>It took the request and broke off: its prompt is likely billed, so that it is estimated. A refusal bills nothing.</summary>
    [Fact]
    public async Task A_connection_that_breaks_before_content_is_estimated_and_a_refusal_is_not()
    {
        var (cut, refused, reset) = (fixture.NextModel(), fixture.NextModel(), fixture.NextModel());
        fixture.Provider.On(cut, new Script { Ending = Ending.Cut, EndAfter = 0 });
        fixture.Provider.On(refused, Script.Error(500));
        fixture.Provider.On(reset, new Script { ResetBeforeHeaders = true });
        var (cutCall, refusedCall, resetCall) = (new TestCall(cut) { Prompt = new string('x', 400) }, new TestCall(refused), new TestCall(reset));

        await Task.WhenAll(cutCall.RunAsync(fixture.Host), refusedCall.RunAsync(fixture.Host), resetCall.RunAsync(fixture.Host));

        var (cost, providerCost) = (await fixture.Billing.ChargeAsync(cutCall.RequestId)).ShouldNotBeNull();
        cost.ShouldBe(0);
        providerCost.ShouldBeInRange(100 * 2_500, 110 * 2_500);
        (await fixture.Billing.ChargeAsync(refusedCall.RequestId)).ShouldBeNull();
        (await fixture.Billing.ChargeAsync(resetCall.RequestId)).ShouldBeNull();
        (await fixture.Billing.BalanceAsync(cutCall.Account)).ShouldBe((Grant, 0));
    }

    /// <summary>A provider writes all of a plain answer before its headers: it is at work from the request on.</summary>
    [Fact]
    public async Task A_plain_call_that_its_client_or_a_timer_ends_before_the_headers_is_free_and_its_prompt_is_booked()
    {
        await using var impatient = await (await RoutingHost.StartAsync(fixture.Billing.Address, RoutingFixture.Models(fixture.Provider.BaseUrl),
            database: null, ("Calls:PlainFirstByteTimeout", "00:00:00.500"))).ReadyAsync();
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { HeaderDelay = Timeout.InfiniteTimeSpan });
        var left = new TestCall(model) { Stream = false, Prompt = new string('x', 400) };
        var late = left with { RequestId = new TestCall("").RequestId };
        using var leaving = new CancellationTokenSource();
        var running = left.RunAsync(fixture.Host, cancellationToken: leaving.Token);
        await Wait.UntilAsync(() => Task.FromResult(fixture.Provider.CallsOf(model).Count > 0));

        await leaving.CancelAsync();
        await Should.ThrowAsync<Exception>(running);
        (await late.RunAsync(impatient)).Failed!.Failure.ShouldBe(CallFailure.ProviderTimeout);

        await Wait.UntilAsync(async () => await fixture.Billing.ChargeAsync(left.RequestId) is not null);
        foreach (var call in new[] { left, late })
        {
            var (cost, providerCost) = (await fixture.Billing.ChargeAsync(call.RequestId)).ShouldNotBeNull();
            cost.ShouldBe(0);
            providerCost.ShouldBeInRange(100 * 2_500, 110 * 2_500);
        }

        (await fixture.Billing.BalanceAsync(left.Account)).ShouldBe((Grant, 0));
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_first_content_pays_nothing()
    {
        var model = fixture.NextModel();
        var call = new TestCall(model);
        using var leaving = new CancellationTokenSource();
        fixture.Provider.On(model, new Script { FirstDelay = Timeout.InfiniteTimeSpan });
        var running = call.RunAsync(fixture.Host, cancellationToken: leaving.Token);
        await Wait.UntilAsync(() => Task.FromResult(fixture.Provider.CallsOf(model).Count > 0));

        await leaving.CancelAsync();
        await Should.ThrowAsync<Exception>(running);

        await Wait.UntilAsync(async () => await fixture.Billing.BalanceAsync(call.Account) == (Grant, 0));
    }
}
