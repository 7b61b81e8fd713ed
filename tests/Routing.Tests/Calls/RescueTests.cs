using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;
using LlmGateway.Testing;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>A stream that breaks off after content was sent, by what its model says is then done: error, resume or buffer.</summary>
[Collection(RescueFixture.Name)]
public sealed class RescueTests(RescueFixture fixture)
{
    private const string Whole = "The first half, and the second half.";
    private static readonly string[] Pieces = ["The first", " half, and", " the second", " half."];

    private readonly BillingProcess _billing = fixture.Billing;
    private readonly FakeProviderServer _provider = fixture.Provider;
    private readonly RoutingHost _host = fixture.Host;

    [Theory]
    [InlineData(Ending.Cut)]
    [InlineData(Ending.Stall)]
    [InlineData(Ending.Garbage)]
    [InlineData(Ending.ErrorEvent)]
    [InlineData(Ending.NoFinish)]
    public async Task Resume_goes_on_with_the_next_answer_where_the_first_broke_off(Ending ending)
    {
        var model = Model("resume", ending.ToString());
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = ending, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = ["The fir", "st half, ", "and the seco", "nd half."], PromptTokens = 12, CompletionTokens = 40 });
        var call = new TestCall(model) { IncludeUsage = true };

        var answer = await call.RunAsync(_host);

        answer.Ended.ShouldNotBeNull();
        answer.Text.ShouldBe(Whole);
        answer.Chunks.Select(chunk => Member(chunk, "id")).Distinct().ShouldHaveSingleItem("one answer has one id");
        answer.Chunks.Select(chunk => Member(chunk, "model")).Distinct().ShouldHaveSingleItem();
        answer.Chunks.Count(chunk => chunk.Contains("\"finish_reason\":\"stop\"", StringComparison.Ordinal)).ShouldBe(1);
        answer.Ended.Attempts.ShouldBe(2);
        answer.Ended.CostNanoUsd.ShouldBe(RoutingFixture.Cost(12, 40), "the answer is the second one's, and the first one's provider is paid by the gateway");
        _provider.Calls.Count(made => made.Model.StartsWith(model, StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task Both_providers_bills_are_booked_and_the_client_pays_the_second_ones()
    {
        var model = Model("resume", "booked");
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2, Usage = UsagePlacement.EveryChunk, PromptTokens = 37 });
        _provider.On(model + "-b", new Script { Pieces = ["The fir", "st half, ", "and the seco", "nd half."], PromptTokens = 41, CompletionTokens = 9 });
        var call = new TestCall(model);

        (await call.RunAsync(_host)).Ended.ShouldNotBeNull().CostNanoUsd.ShouldBe(RoutingFixture.Cost(41, 9));

        var record = await _billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId });
        record.ProviderCosts.Select(line => (line.Attempt, line.Candidate.Model, line.CostNanoUsd)).ShouldBe(
            [(1, model + "-a", (37 * 2_500) + (2 * 10_000)), (2, model + "-b", (41 * 2_500) + (9 * 10_000))]);
        var tallies = new[] { _provider.Tally(model + "-a"), _provider.Tally(model + "-b") };
        record.ProviderCostNanoUsd.ShouldBe(tallies.Sum(tally => (tally.PromptTokens * 2_500) + (tally.CompletionTokens * 10_000)));
        record.ProviderCosts.Sum(line => line.CostNanoUsd).ShouldBe(record.ProviderCostNanoUsd);
    }

    [Fact]
    public async Task An_answer_that_differs_is_not_glued_on_and_the_next_one_is_asked()
    {
        var model = Model("resume", "differs");
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = ["The first half", " was good."] });
        _provider.On(model + "-c", new Script { Pieces = [Whole] });

        var answer = await new TestCall(model).RunAsync(_host);

        answer.Ended.ShouldNotBeNull();
        answer.Text.ShouldBe(Whole);
    }

    [Theory]
    [InlineData("The first half")]
    [InlineData("Something else.")]
    public async Task Where_no_answer_goes_on_the_client_gets_the_first_fault_and_no_end(string other)
    {
        var model = Model("resume", other[..5]);
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = [other] });
        _provider.On(model + "-c", new Script { Pieces = [other] });
        var call = new TestCall(model);

        var answer = await call.RunAsync(_host);

        answer.Kinds.ShouldMatch("^Sc+F$");
        answer.Text.ShouldBe("The first half, and");
        answer.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        answer.Failed.Message.ShouldContain("broke off");
        answer.Failed.Attempts.ShouldBe(3);
        (await _billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Fact]
    public async Task Without_another_candidate_the_client_gets_the_fault_of_the_only_one()
    {
        _provider.On("lonely", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        var call = new TestCall("lonely");

        var answer = await call.RunAsync(_host);

        answer.Kinds.ShouldMatch("^Sc+F$");
        answer.Failed!.Message.ShouldContain("broke off");
        answer.Failed.Attempts.ShouldBe(1);
        (await _billing.BalanceAsync(call.Account)).Held.ShouldBe(0);
    }

    [Fact]
    public async Task A_model_that_continues_texts_is_asked_to_and_one_that_refuses_is_asked_again_without()
    {
        var model = Model("prefill", "continues");
        _provider.On(model + "-a", new Script { Pieces = ["The first ", "half, and "], Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", Script.Error(400, message: "This model does not support assistant message prefill."), new Script { Pieces = ["The first half, and", " the second half."] });

        (await new TestCall(model).RunAsync(_host)).Text.ShouldBe(Whole);

        var asked = _provider.CallsOf(model + "-b");
        asked.Count.ShouldBe(2);
        var last = asked[0].Json.GetProperty("messages").EnumerateArray().Last();
        (last.GetProperty("role").GetString(), last.GetProperty("content").GetString()).ShouldBe(("assistant", "The first half, and"));
        asked[1].Json.GetProperty("messages").EnumerateArray().Last().GetProperty("role").GetString().ShouldBe("user");
    }

    [Theory]
    [InlineData("held", true)]
    [InlineData("unheld", false)]
    public async Task A_text_to_go_on_from_is_held_for_as_prompt_and_where_it_cannot_be_the_whole_answer_is_asked_for(string test, bool covered)
    {
        var model = Model("prefill", test);
        var text = string.Concat(Enumerable.Repeat("words and ", 60));
        _provider.On(model + "-a", new Script { Pieces = [text, "more"], Ending = Ending.Cut, EndAfter = 1 });
        _provider.On(model + "-b", new Script { Pieces = [text, "an end."], ContinuesPrefill = true });
        var call = new TestCall(model) { MaxTokens = 200 };
        call = covered ? call : call with { Limits = new() { TotalTokens = call.HeldPrompt + 200 } };

        var answer = await call.RunAsync(_host);

        (answer.Ended is null, answer.Text).ShouldBe((false, text + "an end."));
        var messages = _provider.CallsOf(model + "-b").ShouldHaveSingleItem().Json.GetProperty("messages");
        messages.GetArrayLength().ShouldBe(covered ? 2 : 1);
        var held = (await _billing.Ledger.GetGenerationAsync(new() { RequestId = call.RequestId })).Held;
        held.PromptTokens.ShouldBe(covered ? call.WithPrefill(text).PromptBound : call.HeldPrompt);
        held.AmountNanoUsd.ShouldBe(RoutingFixture.Cost(held.PromptTokens, 200));
    }

    [Theory]
    [InlineData("the second half.")]
    [InlineData(" the second half.")]
    public async Task A_continued_text_has_its_blanks_once(string continued)
    {
        var model = Model("prefill", "blanks" + continued.Length);
        _provider.On(model + "-a", new Script { Pieces = ["The first ", "half, and "], Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = [continued] });

        var answer = await new TestCall(model).RunAsync(_host);

        answer.Ended.ShouldNotBeNull();
        answer.Text.ShouldBe(Whole);
    }

    [Fact]
    public async Task Buffer_hides_any_failure_and_sends_nothing_before_the_answer_is_whole()
    {
        var (model, gate) = (Model("buffer", "hides"), new Gate());
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = ["Another", " answer."], MiddleGate = gate });
        var received = 0;
        var call = new TestCall(model);

        var running = call.RunAsync(_host, () => Interlocked.Increment(ref received));
        await gate.ReachedAsync();
        Volatile.Read(ref received).ShouldBe(0);
        gate.Open();

        var answer = await running;
        answer.Ended.ShouldNotBeNull();
        answer.Text.ShouldBe("Another answer.");
        answer.Ended.CostNanoUsd.ShouldBe(RoutingFixture.Cost(5, 2));
    }

    [Fact]
    public async Task Without_a_rescue_the_client_gets_an_error_in_its_stream()
    {
        var model = Model("error", "none");
        _provider.On(model + "-a", new Script { Pieces = Pieces, Ending = Ending.Cut, EndAfter = 2 });
        _provider.On(model + "-b", new Script { Pieces = [Whole] });

        (await new TestCall(model).RunAsync(_host)).Kinds.ShouldMatch("^Sc+F$");

        _provider.CallsOf(model + "-b").ShouldBeEmpty();
    }

    private static string Model(string rescue, string test) => $"{rescue}-{Array.FindIndex(Tests, name => name == test)}";

    private static readonly string[] Tests =
        ["Cut", "Stall", "Garbage", "ErrorEvent", "NoFinish", "differs", "The f", "Somet", "continues", "blanks16", "blanks17", "hides", "none", "booked", "held",
            "unheld"];

    private static string? Member(string chunk, string name) => JsonDocument.Parse(chunk).RootElement.GetProperty(name).GetString();
}
