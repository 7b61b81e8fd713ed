using LlmGateway.FakeProvider;
using LlmGateway.Protos.Billing.V1;
using LlmGateway.Routing.Tests.Running;
using Ending = LlmGateway.FakeProvider.Ending;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>
/// Each provider call that is billed is a posting of its own, and together they are the providers' own bill; the record says why others were not
/// asked. A prompt token costs us 2,500 nano-dollars and an output token 10,000.
/// </summary>
public sealed class BookedAttemptTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.ErrorEvent)]
    public async Task A_stream_that_breaks_before_content_and_the_answer_after_it_are_what_their_providers_bill(Ending ending)
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", new Script
        {
            Usage = UsagePlacement.FirstChunk,
            PromptTokens = 37,
            CompletionTokens = 3,
            Ending = ending,
            EndAfter = 0,
        });
        fixture.Provider.On(model + "-b", new Script { PromptTokens = 41, CompletionTokens = 9 });
        var call = new TestCall(model);

        (await call.RunAsync(fixture.Host)).Ended.ShouldNotBeNull();

        var record = await RecordAsync(call);
        record.ProviderCosts.Select(line => (line.Attempt, line.Candidate.Model, line.CostNanoUsd)).ShouldBe(
            [(1, model + "-a", Bill(37, 3)), (2, model + "-b", Bill(41, 9))]);
        record.ProviderCosts.Select(line => line.Candidate).ShouldBe(record.Attempts.Select(attempt => attempt.Candidate));
        record.ProviderCosts.Sum(line => line.CostNanoUsd).ShouldBe(record.ProviderCostNanoUsd);
        var answered = fixture.Provider.Tally(model + "-b");
        record.ProviderCosts[1].CostNanoUsd.ShouldBe(Bill(answered.PromptTokens, answered.CompletionTokens));
    }

    [Fact]
    public async Task The_record_says_who_was_passed_over_and_why()
    {
        var model = fixture.NextTriple();
        fixture.Provider.On(model + "-a", Script.Error(429, retryAfter: "60"));
        fixture.Provider.On(model + "-b", new Script());
        (await new TestCall(model).RunAsync(fixture.Host)).Ended.ShouldNotBeNull();
        var call = new TestCall(model);

        (await call.RunAsync(fixture.Host)).Ended.ShouldNotBeNull();

        var record = await RecordAsync(call);
        record.Considered.Select(one => (one.Deployment[^2..], one.RuledOut)).ShouldBe([("-a", "rate_limited"), ("-b", ""), ("-c", "")]);
        record.ProviderCosts.ShouldHaveSingleItem().Attempt.ShouldBe(1);
        (record.Held.PromptTokens, record.Held.AmountNanoUsd).ShouldSatisfyAllConditions(
            held => held.PromptTokens.ShouldBeGreaterThan(0), held => held.AmountNanoUsd.ShouldBeGreaterThanOrEqualTo(record.CostNanoUsd));
    }

    [Fact]
    public async Task A_call_that_nobody_answered_says_so_too()
    {
        var model = fixture.NextTriple();
        foreach (var name in new[] { "-a", "-b", "-c" })
        {
            fixture.Provider.On(model + name, Script.Error(500));
        }

        var call = new TestCall(model);
        (await call.RunAsync(fixture.Host)).Kinds.ShouldBe("F");

        var record = await RecordAsync(call);
        (record.State, record.Considered.Count, record.ProviderCosts.Count).ShouldBe(("released", 3, 0));
    }

    private static long Bill(long prompt, long output) => (prompt * 2_500) + (output * 10_000);

    private async Task<Generation> RecordAsync(TestCall call) => await fixture.Billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId });
}
