using System.Text.Json;
using LlmGateway.FakeProvider;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Routing.Tests.Running;

namespace LlmGateway.Routing.Tests.Calls;

/// <summary>Calls that end well: what the client gets, what the provider got, what was paid.</summary>
public sealed class CallTests(RoutingFixture fixture) : IClassFixture<RoutingFixture>
{
    private const long Grant = 100_000_000_000;

    [Fact]
    public async Task A_stream_is_relayed_and_charged_to_the_nano_dollar()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 7, PromptTokens = 1003, CachedTokens = 501 });
        var call = new TestCall(model);

        var answer = await call.RunAsync(fixture.Host);

        answer.Text.ShouldBe("word0 word1 word2 word3 word4 word5 word6 ");
        answer.Started!.Provider.ShouldBe("openai_compatible");
        (answer.Started.Model, answer.Started.Deployment, answer.Started.Attempts).ShouldBe((model, $"openai_compatible/{model}", 1));
        var cost = RoutingFixture.Cost(1003, 7, cached: 501);
        (answer.Ended!.PromptTokens, answer.Ended.OutputTokens, answer.Ended.CostNanoUsd).ShouldBe((1003, 7, cost));
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - cost, 0));
        answer.Chunks.ShouldAllBe(json => !json.Contains("prompt_tokens"));
    }

    [Fact]
    public async Task A_plain_answer_carries_its_cost_and_is_otherwise_the_providers()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 4, PromptTokens = 11 });
        var call = new TestCall(model) { Stream = false };

        var answer = await call.RunAsync(fixture.Host);

        answer.Kinds.ShouldBe("ScE");
        var usage = answer.Last.GetProperty("usage");
        usage.GetProperty("cost").GetDecimal().ShouldBe(RoutingFixture.Cost(11, 4) / 1_000_000_000m);
        usage.GetProperty("completion_tokens").GetInt32().ShouldBe(4);
        answer.Last.GetProperty("choices")[0].GetProperty("message").GetProperty("annotations").GetArrayLength().ShouldBe(0);
        answer.Last.GetProperty("system_fingerprint").GetString().ShouldBe("fp_fake");
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant - RoutingFixture.Cost(11, 4), 0));
    }

    [Theory]
    [InlineData(UsagePlacement.LastChunk)]
    [InlineData(UsagePlacement.EveryChunk)]
    [InlineData(UsagePlacement.FinishChunk)]
    [InlineData(UsagePlacement.FirstChunk)]
    public async Task Usage_that_was_asked_for_comes_once_at_the_end_wherever_the_provider_put_it(UsagePlacement placement)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 5, PromptTokens = 20, Usage = placement });

        var answer = await new TestCall(model) { IncludeUsage = true }.RunAsync(fixture.Host);

        answer.Chunks.Count(json => json.Contains("prompt_tokens")).ShouldBe(1);
        answer.Last.GetProperty("choices").GetArrayLength().ShouldBe(0);
        answer.Last.GetProperty("id").GetString().ShouldStartWith("chatcmpl-fake");
        answer.Last.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(RoutingFixture.Cost(20, 5) / 1_000_000_000m);
        answer.Last.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(5);
        answer.Chunks.Count(json => JsonDocument.Parse(json).RootElement.GetProperty("choices").GetArrayLength() == 0).ShouldBe(1);
    }

    [Fact]
    public async Task Usage_that_the_provider_does_not_report_is_estimated_and_said_to_be()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Chunks = 5, Usage = UsagePlacement.Never });
        var call = new TestCall(model) { IncludeUsage = true, Prompt = "0123456789012345678901234567890123456789" };

        var answer = await call.RunAsync(fixture.Host);

        answer.Last.GetProperty("usage").GetProperty("cost_details").GetProperty("estimated").GetBoolean().ShouldBeTrue();
        answer.Ended!.PromptTokens.ShouldBe(10);
        answer.Ended.OutputTokens.ShouldBeInRange(5, 10);
        answer.Ended.CostNanoUsd.ShouldBe(RoutingFixture.Cost(10, answer.Ended.OutputTokens));
    }

    [Fact]
    public async Task An_explicit_zero_usage_costs_nothing()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { PromptTokens = 0, CompletionTokens = 0 });
        var call = new TestCall(model);

        (await call.RunAsync(fixture.Host)).Ended!.CostNanoUsd.ShouldBe(0);
        (await fixture.Billing.BalanceAsync(call.Account)).ShouldBe((Grant, 0));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    [InlineData(0, true)]
    public async Task The_text_arrives_whole_however_the_bytes_are_cut_and_whatever_the_servers_accent(int writeSize, bool accents)
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Pieces = ["Grüße", ", 世界", " 🚀\n"], WriteSize = writeSize, Accents = accents });

        (await new TestCall(model).RunAsync(fixture.Host)).Text.ShouldBe("Grüße, 世界 🚀\n");
    }

    [Fact]
    public async Task A_clean_end_without_the_terminator_is_whole_when_every_choice_has_finished()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { Ending = Ending.NoDone });

        (await new TestCall(model).RunAsync(fixture.Host)).Ended.ShouldNotBeNull();
    }

    [Fact]
    public async Task The_provider_gets_the_clients_body_with_only_what_must_change()
    {
        var model = fixture.NextModel();
        var call = new TestCall(model) { Body = $$"""{"model":"{{model}}","future":{"x":[1e2]},"messages":[{"role":"user","content":"h\u0069"}],"temperature":0.50}""" };

        await call.RunAsync(fixture.Host);

        var sent = fixture.Provider.CallsOf(model).ShouldHaveSingleItem();
        System.Text.Encoding.UTF8.GetString(sent.Body).ShouldBe(
            $$"""{"stream":true,"stream_options":{"include_usage":true},"model":"{{model}}","future":{"x":[1e2]},"messages":[{"role":"user","content":"h\u0069"}],"temperature":0.50}""");
        sent.Headers.Keys.ShouldNotContain("traceparent");
    }

    [Theory]
    [InlineData(true, null, null)]
    [InlineData(false, null, 16384)]
    [InlineData(true, 50, 50)]
    [InlineData(false, 50, 50)]
    public async Task What_the_hold_covers_is_the_providers_maximum_but_for_a_stream_that_names_none(bool stream, int? asked, int? sent)
    {
        var model = fixture.NextModel();

        await new TestCall(model) { Stream = stream, MaxTokens = asked }.RunAsync(fixture.Host);

        fixture.Provider.CallsOf(model).ShouldHaveSingleItem().MaxTokens.ShouldBe(sent);
    }

    [Fact]
    public async Task A_small_balance_shrinks_the_bound_of_a_call_that_names_none()
    {
        var model = fixture.NextModel();
        fixture.Provider.On(model, new Script { PromptTokens = 0, CompletionTokens = 7_990_000 });
        var call = new TestCall(model) { Stream = false };
        await (call with { RequestId = "req_" + new string('a', 13) + Guid.NewGuid().ToString("N")[..13] }).RunAsync(fixture.Host);
        fixture.Provider.On(model, new Script());

        await call.RunAsync(fixture.Host);

        // What is left of the grant buys 10,000 tokens at 12,500 nano-dollars, less the prompt's bound.
        fixture.Provider.CallsOf(model)[^1].MaxTokens!.Value.ShouldBeInRange(9_000, 10_000);
    }

    [Fact]
    public async Task A_balance_too_small_is_told_with_its_figures_before_anything_is_sent()
    {
        var model = fixture.NextModel();
        var call = new TestCall(model) { MaxTokens = 9_000_000, Body = $$"""{"model":"{{model}}","messages":[],"max_tokens":16384,"n":999}""" };

        var failed = (await call.RunAsync(fixture.Host)).Failed!;

        failed.Failure.ShouldBe(CallFailure.InsufficientBalance);
        failed.Balance.RequiredNanoUsd.ShouldBe(RoutingFixture.Cost(call.HeldPrompt, 16384 * 999));
        (failed.Balance.AvailableNanoUsd, failed.Balance.BalanceNanoUsd, failed.Balance.HeldNanoUsd).ShouldBe((Grant, Grant, 0));
        fixture.Provider.CallsOf(model).ShouldBeEmpty();
    }

    [Fact]
    public async Task Forty_streams_at_once_cost_exactly_what_the_provider_counted()
    {
        var model = fixture.NextModel();
        var gate = new Gate();
        fixture.Provider.On(model, new Script { Chunks = 9, PromptTokens = 33, Gate = gate });
        var calls = Enumerable.Range(0, 40).Select(_ => new TestCall(model) { Account = "forty", MaxTokens = 20 }).ToList();
        var running = calls.Select(call => call.RunAsync(fixture.Host)).ToList();
        await gate.ReachedAsync(40);

        var (_, held) = await fixture.Billing.BalanceAsync("forty");
        gate.Open();
        var answers = await Task.WhenAll(running);

        held.ShouldBe(40 * RoutingFixture.Cost(calls[0].HeldPrompt, 20));
        answers.ShouldAllBe(answer => answer.Ended != null);
        var tally = fixture.Provider.Tally(model);
        (tally.Calls, tally.PromptTokens, tally.CompletionTokens).ShouldBe((40, 40 * 33, 40 * 9));
        (await fixture.Billing.BalanceAsync("forty")).ShouldBe((Grant - (40 * RoutingFixture.Cost(33, 9)), 0));
    }

    [Fact]
    public async Task A_request_without_a_usable_model_is_told_so()
    {
        var failed = (await new TestCall("gpt-unheard-of").RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Param).ShouldBe((CallFailure.ModelNotFound, "model"));
        failed.Message.ShouldContain("gpt-unheard-of");
        (await new TestCall("").RunAsync(fixture.Host)).Failed!.Message.ShouldContain("gpt-3.5-turbo");
    }

    [Fact]
    public async Task An_alias_answers_as_the_model_that_it_stands_for_and_is_listed()
    {
        var answer = await new TestCall("nickname").RunAsync(fixture.Host);
        var models = await fixture.Host.Client.ListModelsAsync(new ListModelsRequest());

        answer.Started!.Model.ShouldBe("one-1");
        models.Models.Select(model => model.Id).ShouldContain("nickname");
        models.Models.Single(model => model.Id == "made-up").OwnedBy.ShouldBe("mock");
    }

    [Fact]
    public async Task A_body_that_would_make_the_hold_wrong_is_refused_by_the_fields_name()
    {
        var call = new TestCall(fixture.NextModel()) { Body = """{"messages":[],"max_tokens":1,"max_tokens":100000}""" };

        var failed = (await call.RunAsync(fixture.Host)).Failed!;

        (failed.Failure, failed.Param).ShouldBe((CallFailure.InvalidRequest, "max_tokens"));
    }

    [Fact]
    public async Task The_mock_answers_the_same_words_to_the_same_prompt_within_its_maximum()
    {
        var one = await new TestCall("made-up") { Prompt = "Hello [mock n=12 c=1]", IncludeUsage = true }.RunAsync(fixture.Host);
        var two = await new TestCall("made-up") { Prompt = "Hello [mock n=12 c=1]" }.RunAsync(fixture.Host);
        var cut = await new TestCall("made-up") { Prompt = "Hello [mock n=12]", MaxTokens = 5, Stream = false }.RunAsync(fixture.Host);

        one.Text.ShouldBe(two.Text);
        one.Text.Split(' ').Length.ShouldBe(12);
        one.Ended!.OutputTokens.ShouldBe(12);
        one.Last.GetProperty("usage").GetProperty("cost").GetDecimal().ShouldBe(one.Ended.CostNanoUsd / 1_000_000_000m);
        cut.Last.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("length");
        cut.Ended!.OutputTokens.ShouldBe(5);
        one.Started!.Provider.ShouldBe("mock");
    }

    [Fact]
    public async Task The_mock_fails_as_it_is_told()
    {
        var limited = await new TestCall("made-up") { Prompt = "[mock status=429 retry_after=7]" }.RunAsync(fixture.Host);
        var cut = await new TestCall("made-up") { Prompt = "[mock n=9 c=20 cut=3]" }.RunAsync(fixture.Host);

        (limited.Failed!.Failure, limited.Failed.RetryAfterMs).ShouldBe((CallFailure.ProviderRateLimited, 7000));
        cut.Kinds.ShouldStartWith("Sc");
        cut.Failed!.Failure.ShouldBe(CallFailure.ProviderError);
        cut.Text.Split(' ').Length.ShouldBe(3);
    }
}
