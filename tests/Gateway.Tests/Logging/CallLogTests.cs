using LlmGateway.Gateway.Authentication;
using LlmGateway.Gateway.Calls;
using LlmGateway.Protos.Keys.V1;
using LlmGateway.Protos.Routing.V1;
using LlmGateway.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlmGateway.Gateway.Tests.Logging;

public sealed class CallLogTests
{
    private static readonly CallRequest Request = new(
        new Caller("acme", "key-1", "sk-secre...", Role.Account), Dialect.OpenaiChat, null!, "what the client wrote", Stream: true, null, IncludeUsage: false);

    private readonly FakeTime _time = new();
    private readonly FieldLog<CallLog> _log = new();

    [Fact]
    public void A_call_that_was_answered_is_one_line_with_what_it_used_and_cost()
    {
        var context = Context();
        _time.Advance(TimeSpan.FromMilliseconds(30));
        CallClock.Of(context).Started(new() { Model = "gpt-4", Provider = "openai", Deployment = "openai/gpt-4", Attempts = 2, ProviderMicroseconds = 25_500 });
        _time.Advance(TimeSpan.FromMilliseconds(70));
        CallClock.Of(context).Ended(new() { Attempts = 2, PromptTokens = 11, OutputTokens = 7, CostNanoUsd = 1_234_000 });

        new CallLog(_log).Ended(context, Request, isCached: false, error: null);

        var (level, text, fields) = _log.Lines.ShouldHaveSingleItem();
        (level, text).ShouldBe((LogLevel.Information, "LLM call successful"));
        fields.ShouldBe(new Dictionary<string, object?>
        {
            ["model"] = "gpt-4",
            ["userId"] = "acme",
            ["durationMs"] = 100.0,
            ["requestId"] = "req_1",
            ["maskedKey"] = "sk-secre...",
            ["provider"] = "openai",
            ["deployment"] = "openai/gpt-4",
            ["attempts"] = 2,
            ["promptTokens"] = 11L,
            ["outputTokens"] = 7L,
            ["costUsd"] = 0.001234m,
            ["stream"] = true,
            ["cached"] = false,
            ["status"] = 200,
            ["providerWaitMs"] = 25.5,
            ["addedMs"] = 4.5,
        }, ignoreOrder: true);
    }

    [Theory]
    [InlineData(503, "no_available_provider", CallFailure.NoAvailableProvider, LogLevel.Warning, "no_available_provider")]
    [InlineData(429, "monthly_limit_exceeded", CallFailure.MonthlyLimit, LogLevel.Information, "monthly_limit_exceeded")]
    [InlineData(400, "whatever the provider called it", CallFailure.ProviderRefused, LogLevel.Information, "refused")]
    public void A_call_that_failed_says_why_and_quotes_nobody(int status, string code, CallFailure failure, LogLevel expected, string logged)
    {
        var context = Context();
        CallClock.Of(context).Failed(new() { Model = "gpt-4", Failure = failure, Attempts = 3, Message = "words" });

        new CallLog(_log).Ended(context, Request, isCached: false, new(status, "type", code, "words"));

        var (level, text, fields) = _log.Lines.ShouldHaveSingleItem();
        (level, text).ShouldBe((expected, "LLM call failed"));
        (fields["errorCode"], fields["failure"], fields["status"], fields["attempts"], fields["model"], fields["maskedKey"])
            .ShouldBe((logged, failure, status, 3, "gpt-4", "sk-secre..."));
        fields.Values.ShouldNotContain("words");
    }

    [Fact]
    public void A_client_that_left_is_no_success()
    {
        new CallLog(_log).Left(Context(), Request);

        var (_, text, fields) = _log.Lines.ShouldHaveSingleItem();
        (text, fields["status"], fields["errorCode"], fields["model"]).ShouldBe(("LLM call failed", 499, "client_closed_request", CallClock.OtherModel));
    }

    private DefaultHttpContext Context()
    {
        var context = new DefaultHttpContext { TraceIdentifier = "req_1" };
        context.Features.Set(new CallClock(_time));
        return context;
    }
}
